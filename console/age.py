"""`Updated 5 s ago` in the heading of a page, counted by the browser from when a panel of it was read.

The panel draws itself anew and the heading does not, so they are two: the panel notes in the browser when it was read,
and the heading shows it. That way it costs no line, and no page moves when it appears.
"""

from datetime import datetime

import streamlit as st

# Where it counts from is when the data came: the browser's clock may be wrong, but it runs.
_READ = st.components.v2.component(
    "panel_read",
    html="""
<span hidden></span>
""",
    js="""
export default function ({ data }) {
  if (window.panelRead?.at === data.at && window.panelRead.every === data.every) return
  window.panelRead = { ...data, since: performance.now() }
  window.dispatchEvent(new Event("panel-read"))
}
""",
)

_AGE = st.components.v2.component(
    "age",
    html="""
<span class="age"><span class="mark" aria-hidden="true">●</span> <span class="said"></span></span>
""",
    css="""
.age {
  display: inline-block; min-width: 9.5rem; text-align: right; white-space: nowrap;
  font: .8125rem/2.5rem var(--st-font); font-variant-numeric: tabular-nums; color: var(--st-gray-text-color);
}
.age:not(.read) { visibility: hidden; }
.mark { color: var(--st-green-text-color); }
.paused .mark { color: var(--st-gray-text-color); }
.late, .late .mark { color: var(--st-orange-text-color); }
@media (max-width: 760px) { .age { min-width: 0; text-align: left; } }
""",
    js="""
function length(seconds) {
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`
}

export default function ({ data, parentElement }) {
  const age = parentElement.querySelector(".age")
  const said = parentElement.querySelector(".said")
  const show = () => {
    const read = window.panelRead
    if (!read || read.page !== data.page) return
    const seconds = Math.floor((performance.now() - read.since) / 1000)
    const paused = read.every === null
    const late = !paused && seconds > 3 * read.every
    age.classList.add("read")
    age.classList.toggle("late", late)
    age.classList.toggle("paused", paused)
    const state = paused ? " · paused" : late ? " · no answer since" : ""
    said.textContent = `Updated ${seconds < 1 ? "now" : `${length(seconds)} ago`}${state}`
    age.title = `Read at ${read.shown}${paused ? "" : `, and anew every ${read.every} s`}`
  }
  show()
  const timer = setInterval(show, 1000)
  window.addEventListener("panel-read", show)
  return () => {
    clearInterval(timer)
    window.removeEventListener("panel-read", show)
  }
}
""",
)


def read_at(at: datetime, *, shown: str, every: int | None, page: str) -> None:
    """Note that what is around was read at *at*, that is *shown* on a clock, and is read anew *every* so many seconds,
    or not any more. It takes no room."""
    with st.container(key="read_at"):
        _READ(key="read", data={"at": at.isoformat(), "shown": shown, "every": every, "page": page}, width="content")


def age(page: str) -> None:
    """How old what is shown on *page* is; nothing until something was read."""
    _AGE(key="age", data={"page": page}, width="content")
