"""The list of appointments as one table: every row a link to its appointment, its own *Copy*, and usable by keyboard.

One element instead of some hundred, so that fifty rows are there at once. Whatever stands in it is put in as text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

import streamlit as st

from console import words
from console.look import APPOINTMENT, LINK, Look
from console.moments import clock, day, named_clock
from console.widgets import BUTTON, COPY
from core.db.read.appointment_lines import AppointmentLine
from core.domain import states

_TABLE = st.components.v2.component(
    "appointment_table",
    html="""
<table>
  <thead><tr><th>Starts</th><th>Appointment</th><th>Where</th><th>State</th><th>Account</th>
  <th><span class="aloud">Join link</span></th></tr></thead>
  <tbody></tbody>
</table>
<span class="aloud" role="status" aria-live="polite" id="aloud"></span>
""",
    css=BUTTON
    + """
table { width: 100%; border-collapse: collapse; font: .9rem var(--st-font); color: var(--st-text-color); }
th { text-align: left; font-weight: 500; font-size: .8rem; color: var(--st-gray-text-color); padding: .3rem .6rem; }
td { padding: .5rem .6rem; border-top: 1px solid var(--st-border-color); vertical-align: middle; }
tr { position: relative; }
tbody tr:hover, tbody tr:focus-within { background: var(--st-secondary-background-color); }
a.open { color: var(--st-primary-color); font-weight: 600; text-decoration: none; overflow-wrap: anywhere; }
a.open::after { content: ""; position: absolute; inset: 0; }
a.open:focus-visible { outline: none; }
a.open:focus-visible::after { outline: 2px solid var(--st-primary-color); outline-offset: -2px; border-radius: .4rem; }
.button { position: relative; z-index: 1; }
.strong { font-weight: 500; white-space: nowrap; }
.pale { color: var(--st-gray-text-color); font-size: .8rem; overflow-wrap: anywhere; }
.starts, .state, .copy { white-space: nowrap; }
.copy { text-align: right; }
.state .pale { white-space: normal; max-width: 22rem; margin-top: .15rem; }
.pill {
  display: inline-flex; align-items: center; gap: .25rem; padding: .05rem .45rem; margin-right: .3rem;
  border-radius: .4rem; font-size: .8rem; line-height: 1.5;
}
.pill i { font: normal 1rem/1 "Material Symbols Rounded"; font-feature-settings: "liga"; white-space: nowrap; }
@media (max-width: 760px) {
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, tbody { display: block; }
  tbody tr { display: grid; grid-template-columns: 1fr auto; padding: .6rem .2rem;
             border-top: 1px solid var(--st-border-color); }
  td { display: block; border: 0; padding: .1rem .2rem; }
  .name { grid-area: 1 / 1; } .starts { grid-area: 1 / 2; text-align: right; }
  .where { grid-area: 2 / 1 / 2 / 3; } .state { grid-area: 3 / 1; white-space: normal; }
  .copy { grid-area: 3 / 2; } .account { display: none; }
}
""",
    js=COPY
    + """
function cell(name, ...parts) {
  const td = document.createElement("td")
  td.className = name
  td.append(...parts.filter(Boolean))
  return td
}

function line(tag, name, text) {
  if (!text) return null
  const element = document.createElement(tag)
  element.className = name
  const isolated = document.createElement("bdi")
  isolated.textContent = text
  element.append(isolated)
  return element
}

function pill(look) {
  const element = document.createElement("span")
  element.className = "pill"
  element.style.color = `var(--st-${look.color}-text-color)`
  element.style.background = `var(--st-${look.color}-background-color)`
  const icon = document.createElement("i")
  icon.textContent = look.icon
  icon.setAttribute("aria-hidden", "true")
  element.append(icon, look.word)
  return element
}

export default function ({ data, parentElement, setTriggerValue }) {
  const body = parentElement.querySelector("tbody")
  const aloud = parentElement.querySelector("#aloud")
  const shown = JSON.stringify(data.rows)
  if (body.dataset.shown === shown) return  // nothing moves under who is reading
  body.dataset.shown = shown
  const root = parentElement.getRootNode()
  const focused = root.activeElement?.dataset?.focus
  body.replaceChildren(...data.rows.map((row) => {
    const tr = document.createElement("tr")
    const open = line("a", "open", row.name)
    open.href = row.href
    open.dataset.focus = `open_${row.id}`
    open.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return
      event.preventDefault()
      setTriggerValue("opened", row.id)
    }
    let button = null
    if (row.link) {
      button = document.createElement("button")
      button.type = "button"
      button.className = "button"
      button.textContent = "Copy link"
      button.dataset.focus = `copy_${row.id}`
      button.setAttribute("aria-label", `Copy the join link of ${row.name}`)
      button.onclick = async () => {
        const done = await copy(row.link)
        button.classList.toggle("done", done)
        button.textContent = aloud.textContent = done ? "Copied" : "Copy failed"
        if (done) setTriggerValue("copied", row.id)
        setTimeout(() => {
          button.classList.remove("done")
          button.textContent = "Copy link"
          aloud.textContent = ""
        }, 1600)
      }
    }
    tr.append(
      cell("starts", line("div", "strong", row.time), line("div", "pale", row.day)),
      cell("name", open, line("div", "pale", row.client)),
      cell("where", line("div", "", row.calendar), line("div", "pale", row.location)),
      cell("state", ...row.pills.map(pill), line("div", "pale", row.why)),
      cell("account", line("div", "pale", row.account)),
      cell("copy", button),
    )
    return tr
  }))
  if (focused) body.querySelector(`[data-focus="${focused}"]`)?.focus()
}
""",
)


@dataclass(frozen=True)
class Pressed:
    """What somebody pressed in the table, by id: the row to open, or the one whose link was copied."""

    opened: int | None = None
    copied: int | None = None


def appointment_table(rows: Sequence[AppointmentLine], *, key: str, now: datetime) -> Pressed:
    """Draw *rows*; what is pressed counts only where its row is among them."""
    pressed = _TABLE(
        key=key, data={"rows": [_row(each, now) for each in rows]}, on_opened_change=_heard, on_copied_change=_heard
    )
    ids = {each.id for each in rows}
    return Pressed(*(value if value in ids else None for value in (pressed.opened, pressed.copied)))


def address_of(line: AppointmentLine) -> dict[str, str]:
    """What the page's address says when *line* is opened."""
    return {"id": line.external_id, "location_id": str(line.location_id)}


def _heard() -> None:
    """Streamlit gives back only what somebody listens to."""


def _row(line: AppointmentLine, now: datetime) -> dict[str, object]:
    looks = [APPOINTMENT[states.Appointment(line.status)]]
    if line.status == states.Appointment.BOOKED:
        looks = [LINK[states.Link(line.link_state)]]  # that it is booked goes without saying
    return {
        "id": line.id,
        "name": line.external_id,
        "href": f"?{urlencode(address_of(line))}",
        "time": f"{clock(line.starts_at, line.zone)} to {named_clock(line.ends_at, line.zone)}",
        "day": _capital(day(line.starts_at, line.zone, now=now)),
        "client": f"{line.client_name} · {line.client_email}",
        "calendar": line.calendar,
        "location": line.location,
        "pills": [_pill(look) for look in looks],
        "why": words.reason(line.why).what if line.why and line.status == states.Appointment.BOOKED else "",
        "account": (line.account or "").partition("@")[0],
        "link": line.join_url if line.link_state == states.Link.READY else None,
    }


def _pill(look: Look) -> dict[str, str]:
    return {"color": look.color, "icon": look.icon, "word": look.word}


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
