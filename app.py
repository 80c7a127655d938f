"""The server: ``streamlit run app.py``. Pages start at entrance.py; middleware guards all addresses."""

import streamlit as st
from starlette.middleware import Middleware

from pages.ui.layout import warmup
from pages.ui.server.middleware import AccessControl

warmup.start()
app = st.App("entrance.py", middleware=[Middleware(AccessControl)])
