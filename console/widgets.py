"""What Streamlit does not have: a copy button that is always visible, a link in the same tab, a frame in which nothing
runs."""

from collections.abc import Callable

import streamlit as st

BUTTON = """
.button {
  display: inline-flex; align-items: center; justify-content: center; gap: .35rem; box-sizing: border-box;
  min-height: 2rem; padding: .2rem .7rem; cursor: pointer; white-space: nowrap; text-decoration: none;
  font: 500 .875rem var(--st-font); color: var(--st-text-color);
  background: var(--st-background-color);
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius);
}
.button:hover { border-color: var(--st-primary-color); color: var(--st-primary-color); }
.button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
.button.primary {
  color: var(--st-background-color); background: var(--st-primary-color); border-color: var(--st-primary-color);
}
.button.primary:hover { filter: brightness(1.08); color: var(--st-background-color); }
.button.done { color: var(--st-green-text-color); border-color: var(--st-green-color); }
.aloud { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
"""

# The clipboard API exists on https:// and on localhost only; elsewhere a selected text area still copies.
COPY = """
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const area = document.createElement("textarea")
    area.value = text
    area.style.cssText = "position:fixed;opacity:0"
    document.body.appendChild(area)
    area.select()
    const done = document.execCommand("copy")
    area.remove()
    return done
  }
}
"""

_COPY = st.components.v2.component(
    "copy_button",
    html="""
<button type="button" class="button">Copy</button><span class="aloud" role="status" aria-live="polite"></span>
""",
    css=BUTTON,
    js=COPY
    + """
export default function ({ data, parentElement, setTriggerValue }) {
  const button = parentElement.querySelector("button")
  const aloud = parentElement.querySelector(".aloud")
  button.setAttribute("aria-label", data.description)
  if (!button.dataset.busy) button.textContent = data.label
  button.onclick = async () => {
    const done = await copy(data.text)
    if (done && data.tells) setTriggerValue("copied", true)
    button.dataset.busy = "1"
    button.classList.toggle("done", done)
    button.textContent = aloud.textContent = done ? "Copied" : "Copy failed"
    setTimeout(() => {
      delete button.dataset.busy
      button.classList.remove("done")
      button.textContent = data.label
      aloud.textContent = ""
    }, 1600)
  }
}
""",
)

_LINK = st.components.v2.component(
    "same_tab_link",
    html="""
<a class="button"></a>
""",
    css=BUTTON,
    js="""
export default function ({ data, parentElement }) {
  const link = parentElement.querySelector("a")
  link.href = data.path
  link.textContent = data.label
  link.classList.toggle("primary", data.primary)
  link.setAttribute("aria-label", data.description)
}
""",
)

# Streamlit's own frames allow scripts and the page's origin. This one allows nothing, whatever is in the mail.
_FRAME = st.components.v2.component(
    "mail_frame",
    html="""
<iframe sandbox="" title="A mail"></iframe>
""",
    css="iframe { width: 100%; height: 30rem; border: 1px solid var(--st-border-color); border-radius: .5rem; }",
    js="""
export default function ({ data, parentElement }) {
  const frame = parentElement.querySelector("iframe")
  frame.title = data.description
  if (frame.srcdoc !== data.html) frame.srcdoc = data.html
}
""",
)


def copy_button(
    text: str, *, key: str, label: str = "Copy", description: str, on_copied: Callable[[], None] | None = None
) -> None:
    """A button that copies *text* and says so, aloud too. *description* is its name for screen readers; *on_copied* is
    called each time that somebody did copy it."""
    data = {"text": text, "label": label, "description": description, "tells": on_copied is not None}
    if on_copied is None:
        _COPY(key=key, data=data, width="content")
    else:
        _COPY(key=key, data=data, width="content", on_copied_change=on_copied)


def same_tab_link(label: str, path: str, *, key: str, description: str, primary: bool = False) -> None:
    """A link to *path* of this site, drawn as a button. Streamlit's own links always open a new tab."""
    _LINK(
        key=key,
        data={"label": label, "path": path, "primary": primary, "description": description},
        width="content",
    )


def mail_frame(html: str, *, key: str, description: str) -> None:
    """A mail as its reader's program draws it, with neither scripts nor links that lead anywhere."""
    _FRAME(key=key, data={"html": html, "description": description})
