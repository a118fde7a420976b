"""The pages and what surrounds them. Streamlit runs this script anew for every visit and every click."""

from pathlib import Path

import streamlit as st

from console.database import sessions
from console.page import explained, sandbox_badge
from console.pages import PAGES
from console.pausing import banner
from console.practice_role import switcher
from console.who import note_drawn_for, person, require
from core.db.read.pool import locations

HERE = Path(__file__).parent


def show() -> None:
    """The menu of what the person may see, and the page of the address, if it is among that."""
    who = person()
    # What a person may not see has its address too: there it says who may.
    drawn = [
        st.Page(
            f"app_pages/{page.file}.py",
            title=page.title,
            icon=f":material/{page.icon}:",
            default=page is PAGES[0],
            url_path=page.path,
            visibility="visible" if who.may(page.permission) else "hidden",
        )
        for page in PAGES
    ]
    opened = st.navigation(drawn)
    page = PAGES[[each.title for each in drawn].index(opened.title)]
    if page is PAGES[0] and not who.may(page.permission):
        # Without a page named in the address: the first that the person may see.
        st.switch_page(next(each for each in drawn if each.visibility == "visible"))
    with sessions()() as session:
        places = locations(session)
    switcher(places)
    sandbox_badge()
    note_drawn_for(who)
    banner()
    require(page.permission)
    opened.run()


st.set_page_config(page_title="Zoom pool", page_icon=str(HERE / "static" / "favicon.png"), layout="wide")
st.html(HERE / "static" / "console.css")
st.logo(str(HERE / "static" / "logo.svg"), size="large")
with explained():
    show()
