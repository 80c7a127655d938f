"""Imprint's entrance: the answer, if there is something to look at, else the way to get it there."""

import streamlit as st

from pages.ui import engine, frame

st.switch_page(frame.GENERATORS if engine.library().names() else frame.DATA)
