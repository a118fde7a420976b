"""Links between the pages."""

import streamlit as st

from console.look import plain


def appointment_link(external_id: str, location_id: int) -> None:
    """To the page of one appointment. With its location, because ids of the booking system count within one."""
    st.page_link(
        "app_pages/appointment.py",
        label=f":primary[**{plain(external_id)}**]",
        icon="",
        help="",
        query_params={"id": external_id, "location": str(location_id)},
    )
