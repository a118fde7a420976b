"""The pages and what surrounds them. Streamlit runs this script anew for every visit and every click."""

from pathlib import Path
from time import monotonic

import streamlit as st

from console.database import sessions
from console.look import plain
from console.page import REFRESH_SECONDS, explained, sandbox_badge
from console.pages import PAGES, pages_in
from console.pausing import banner
from console.practice_role import switcher
from console.trouble import GONE
from console.who import Person, note_drawn_for, person, require, sign_out
from core.db.read.pool import locations
from core.errors import NotAllowed, SignInNeeded
from core.settings import get_settings

HERE = Path(__file__).parent
HOME = "home"


def show() -> None:
    """The menu of what the person may see, and the page of the address, if it is among that."""
    try:
        who = person()
    except NotAllowed as refused:
        door(refused)
        return
    there = pages_in(get_settings().mode)
    # What a person may not see has its address too: there it says who may.
    drawn = [
        st.Page(
            f"app_pages/{page.file}.py",
            title=page.title,
            icon=f":material/{page.icon}:",
            default=page is PAGES[0],
            url_path=HOME if page is PAGES[0] else page.path,
            visibility="visible" if who.may(page.permission) else "hidden",
        )
        for page in there
    ]
    # The first one's address is that of the site, whatever it is called; who adds its name finds it, too.
    again = st.Page(f"app_pages/{PAGES[0].file}.py", title=PAGES[0].title, url_path=PAGES[0].path, visibility="hidden")
    opened = st.navigation([*drawn, again])
    page = there[[each.title for each in drawn].index(opened.title)]
    if page is PAGES[0] and not who.may(page.permission):
        # Without a page named in the address: the first that the person may see.
        st.switch_page(next(each for each in drawn if each.visibility == "visible"))
    note_drawn_for(who)
    if get_settings().signs_in:
        who_is_it(who)
    else:
        with sessions()() as session:
            places = locations(session)
        switcher(places)
    sandbox_badge()
    banner()
    require(page.permission)
    opened.run()


def door(refused: NotAllowed) -> None:
    """What people see who are not let in: why, and a button. Every address has it, so that none is lost on the way."""
    pages = [st.Page(lambda: None, title="Zoom pool", url_path=page.path, default=page is PAGES[0]) for page in PAGES]
    st.navigation(pages, position="hidden")
    with st.container(horizontal_alignment="center"):
        st.space("large")
        with st.container(border=True, width=440, gap="small", key="door"):
            st.title("Zoom pool", anchor=False)
            st.markdown(":gray[Every appointment has its link, ten minutes before.]")
            signed_in = st.user.is_logged_in and not isinstance(refused, SignInNeeded)
            if signed_in:
                st.warning(plain(refused.next_step), title=plain(refused.message), icon=":material/lock:")
            else:
                st.markdown(plain(refused.message))
            label = "Sign in again" if signed_in else "Sign in"
            st.button(label, type="primary", key="sign_in", on_click=st.login, width="stretch")
            if signed_in:
                st.button("Sign out", key="sign_out", on_click=st.logout, width="stretch")


def who_is_it(who: Person) -> None:
    """Who is signed in, and the way out."""
    with st.sidebar:
        st.markdown(f":material/account_circle: **{plain(who.name)}**  \n:small[:gray[{who.role.capitalize()}]]")
        st.button(
            "Sign out",
            icon=":material/logout:",
            key="sign_out",
            on_click=sign_out,
            help="In this browser and in every other",
        )


def try_again() -> None:
    """Draw the whole page anew after a while: without the database there is nothing on it that would do so."""
    drawn = monotonic()

    def again() -> None:
        if monotonic() - drawn > REFRESH_SECONDS / 2:
            st.rerun()

    st.fragment(again, run_every=REFRESH_SECONDS)()


st.set_page_config(page_title="Zoom pool", page_icon=str(HERE / "static" / "favicon.png"), layout="wide")
st.html(HERE / "static" / "console.css")
st.logo(str(HERE / "static" / "logo.svg"), size="large")
with explained():
    try:
        show()
    except GONE:
        try_again()
        raise
