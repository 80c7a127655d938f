"""The server: ``streamlit run app.py``. Its pages begin at entrance.py; before its addresses is a door."""

import streamlit as st
from starlette.middleware import Middleware

from pages.ui import warm
from pages.ui.door import Door

warm.start()
app = st.App("entrance.py", middleware=[Middleware(Door)])
