"""The OpenAPI document: what FastAPI knows, with the key and every refusal added to each operation."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import JSONResponse

from console.api.problems import MEDIA_TYPE, TITLES
from console.api.schemas.problem import ProblemBody
from core.domain.states import Access

PREFIX = "/api/v1"
WRITES = ("post", "put", "patch", "delete")
METHODS = ("get", *WRITES)


def describe(api: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Make the document of *api*, which consists of *routers*, and serve it at `/openapi.json`."""
    api.openapi_schema = _document(api, routers)

    def document(_: Request) -> JSONResponse:
        return JSONResponse(api.openapi_schema)

    api.add_route("/openapi.json", document, include_in_schema=False)


def _document(api: FastAPI, routers: Sequence[APIRouter]) -> dict[str, Any]:
    found = get_openapi(
        title=api.title, version=api.version, routes=api.routes, servers=[{"url": PREFIX}], description=ABOUT
    )
    components = found["components"]
    for replaced in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(replaced, None)
    problem = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
    components["schemas"] |= {**problem.pop("$defs"), "Problem": problem}
    components["responses"] = {title_of(status): _refusal(status) for status in TITLES}
    components["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "A key: zp_<public part>_<secret>."}
    }
    found["security"] = [{"key": []}]
    for router in routers:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            for method in map(str.lower, route.methods):
                _complete(found["paths"][route.path_format][method], writes=method in WRITES, access=_access(route))
    return found


def _access(route: APIRoute) -> Access:
    """How much a key has to be allowed for *route*: every one depends on a caller."""
    return next(each.call.access for each in route.dependant.dependencies if hasattr(each.call, "access"))


def title_of(status: int) -> str:
    """The name of a refusal among the document's components."""
    return "".join(word.title() for word in TITLES[status].replace("'", "").split())


def _refusal(status: int) -> dict[str, Any]:
    refusal: dict[str, Any] = {
        "description": TITLES[status],
        "x-status": status,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status in (429, 503):
        refusal["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
    return refusal


def _complete(operation: dict[str, Any], *, writes: bool, access: Access) -> None:
    operation["x-access"] = access
    statuses = [400, 401, 403, 404, 413, 422, 429, 500, 503]
    if writes:
        statuses += [409, 502]
    operation["summary"] = operation["summary"].capitalize()
    answers = operation["responses"]
    for status in sorted(statuses):
        answers[str(status)] = {"$ref": f"#/components/responses/{title_of(status)}"}
    if writes:
        for status, answer in answers.items():
            if status.startswith("2"):
                answer.setdefault("headers", {})["Idempotent-Replayed"] = {
                    "description": "true where this is the answer to an earlier request with the same Idempotency-Key.",
                    "schema": {"type": "string", "enum": ["true"]},
                }


ABOUT = "Appointments of the booking system, and the pool of Zoom accounts that serves them."
