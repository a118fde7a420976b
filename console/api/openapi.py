"""The OpenAPI document: what FastAPI knows, with the key and every refusal added to each operation."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.responses import JSONResponse

from console.api.problems import MEDIA_TYPE, TITLES
from console.api.schemas.problem import ProblemBody

PREFIX = "/api/v1"
WRITES = ("post", "put", "patch", "delete")
METHODS = ("get", *WRITES)


def describe(api: FastAPI) -> None:
    """Serve the document of *api* at `/openapi.json`."""

    def document(_: Request) -> JSONResponse:
        return JSONResponse(openapi_of(api))

    api.add_route("/openapi.json", document, include_in_schema=False)


def openapi_of(api: FastAPI) -> dict[str, Any]:
    """The document, made once."""
    if api.openapi_schema is None:
        found = get_openapi(
            title=api.title, version=api.version, routes=api.routes, servers=[{"url": PREFIX}], description=ABOUT
        )
        schemas = found.setdefault("components", {}).setdefault("schemas", {})
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        problem = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(problem.pop("$defs"))
        schemas["Problem"] = problem
        found["components"]["responses"] = {title_of(status): _refusal(status) for status in TITLES}
        found["components"]["securitySchemes"] = {
            "key": {"type": "http", "scheme": "bearer", "description": "A key: zp_<public part>_<secret>."}
        }
        found["security"] = [{"key": []}]
        for item in found["paths"].values():
            for method in METHODS:
                if method in item:
                    _add_refusals(item[method], writes=method in WRITES)
        api.openapi_schema = found
    return api.openapi_schema


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


def _add_refusals(operation: dict[str, Any], *, writes: bool) -> None:
    statuses = [400, 401, 403, 404, 413, 422, 429, 500, 503]
    if writes:
        statuses += [409, 502]
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
