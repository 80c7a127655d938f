"""The server: ``streamlit run app.py``. Its pages begin at entrance.py; before its addresses is a door."""

import streamlit as st
from starlette.middleware import Middleware

from pages.ui.layout import warmup
from pages.ui.server.middleware import Door

warmup.start()
app = st.App("entrance.py", middleware=[Middleware(Door)])
