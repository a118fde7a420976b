"""Renders the sandbox's own pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

_FOLDER = Path(__file__).parent
STATIC = _FOLDER / "static"

# Nothing is ever fetched from elsewhere, by our pages or by a mail shown in one.
_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; frame-src 'self'; base-uri 'self'"
)

_environment = Environment(
    loader=FileSystemLoader(_FOLDER / "html"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


def page(template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page from *template*, which may not use a value that was not given."""
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return HTMLResponse(_environment.get_template(template).render(values), status, headers)
