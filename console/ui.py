"""The pages and what surrounds them. Streamlit runs this script anew for every visit and every click."""

from pathlib import Path

import streamlit as st

from console.page import explained, sandbox_badge

HERE = Path(__file__).parent

st.set_page_config(page_title="Zoom pool", page_icon=str(HERE / "static" / "favicon.png"), layout="wide")
st.html(HERE / "static" / "console.css")
st.logo(str(HERE / "static" / "logo.svg"), size="large")
page = st.navigation(
    [
        st.Page("app_pages/pool.py", title="Pool", icon=":material/groups:", default=True),
        st.Page("app_pages/what_if.py", title="What-if", icon=":material/query_stats:", url_path="what_if"),
        st.Page("app_pages/appointment.py", title="Appointments", icon=":material/event:", url_path="appointment"),
        st.Page("app_pages/connections.py", title="Connections", icon=":material/link:", url_path="connections"),
        st.Page("app_pages/calendars.py", title="Calendars", icon=":material/calendar_month:", url_path="calendars"),
        st.Page("app_pages/locations.py", title="Locations", icon=":material/storefront:", url_path="locations"),
        st.Page("app_pages/hooks.py", title="Outgoing webhooks", icon=":material/webhook:", url_path="hooks"),
        st.Page("app_pages/api_keys.py", title="API keys", icon=":material/key:", url_path="api_keys"),
        st.Page("app_pages/health.py", title="Alerts", icon=":material/notifications:", url_path="health"),
    ]
)
sandbox_badge()
with explained():
    page.run()
