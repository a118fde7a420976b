"""The page at `/api/v1/docs`: made of the OpenAPI document alone, for reading without a network.

No script and no style but its own: a click selects a whole example.
"""

import re
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Any

from fastapi import FastAPI
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from console.api.docs.examples import Examples
from console.api.openapi import METHODS
from core.domain.states import Access
from core.settings import get_settings

ENDS = ("cancel", "take-back")
# The page may load its own style sheet and nothing else.
POLICY = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
TEMPLATES = Environment(
    loader=PackageLoader("console.api", "docs"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def marked(text: str) -> Markup:
    """The two marks of our descriptions, *emphasis* and `code`, as HTML."""
    safe = str(escape(text))
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", re.sub(r"\*(\w[^*]*)\*", r"<em>\1</em>", safe)))  # noqa: S704


TEMPLATES.filters["marked"] = marked


def serve_docs(api: FastAPI) -> None:
    """Serve the page of *api* at `/docs`, and its style beside it."""

    def page(_: Request) -> Response:
        text = render(api.openapi_schema, get_settings().base_url, datetime.now(UTC).date())
        return HTMLResponse(text, headers={"Content-Security-Policy": POLICY})

    def style(_: Request) -> Response:
        return Response(files(__package__).joinpath("docs.css").read_bytes(), media_type="text/css")

    api.add_route("/docs", page, include_in_schema=False)
    api.add_route("/docs.css", style, include_in_schema=False)


def render(document: dict[str, Any], base_url: str, today: date) -> str:
    """The page as HTML."""
    return TEMPLATES.get_template("docs.html.j2").render(
        base_url=base_url,
        access=list(Access),
        groups=operations_of(document),
        example=Examples(document, today).command,
        schemas={
            name: schema
            for name, schema in sorted(document["components"]["schemas"].items())
            if "properties" in schema or "enum" in schema
        },
        type_of=type_of,
        responses=document["components"]["responses"],
    )


def operations_of(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The operations by tag, in the order of the routers; what ends something comes last, as in life."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, item in document["paths"].items():
        for method in METHODS:
            if (operation := item.get(method)) is not None:
                shown = {"method": method.upper(), "path": path, **operation}
                groups.setdefault(operation["tags"][0], []).append(shown)
    return {tag: sorted(found, key=_ends) for tag, found in groups.items()}


def _ends(operation: dict[str, Any]) -> bool:
    """Whether nothing can be done afterwards with what it was about."""
    return operation["method"] == "DELETE" or operation["path"].rsplit("/", 1)[-1] in ENDS


def type_of(schema: dict[str, Any]) -> str:
    """The type of a field in a few words; the name of a schema is a link on the page."""
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[-1])
    if "anyOf" in schema:
        return " or ".join(type_of(each) for each in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return ", ".join(map(str, schema.get("enum", [schema.get("const")])))
    if schema.get("type") == "array":
        return f"list of {type_of(schema.get('items', {}))}"
    if schema.get("format"):
        return str(schema["format"])
    return str(schema.get("type", "anything"))
