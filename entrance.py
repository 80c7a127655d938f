"""Imprint's entrance: the Generators page, or the Data page if there is no data set yet."""

import streamlit as st

from pages.ui import routes
from pages.ui.layout import tour
from pages.ui.session import sign_in, workspace

sign_in.require_sign_in()
if tour.first_visit():
    st.switch_page(tour.STOPS[0].page, query_params=tour.query(1))
st.switch_page(routes.GENERATORS if workspace.library().names() else routes.DATA)
