"""The REST API under `/api/v1`. Mounted in the web process, so a lifespan of its own would never run."""

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from console.api.docs.page import serve_docs
from console.api.openapi import describe
from console.api.problems import explain_errors
from console.api.routes import (
    appointment,
    appointments,
    calendars,
    capacity,
    hooks,
    key,
    listing,
    locations,
    messages,
    record,
    seats,
)

# In the order in which the page that documents them tells of them: an appointment needs a location and a calendar.
ROUTERS: tuple[APIRouter, ...] = (
    key.router,
    locations.router,
    calendars.router,
    seats.router,
    capacity.router,
    appointments.router,
    listing.router,
    appointment.router,
    record.router,
    messages.router,
    hooks.router,
)


def create_api() -> FastAPI:
    """The API with every route and its description."""
    api = FastAPI(
        title="Zoom pool",
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_name,
    )
    for router in ROUTERS:
        api.include_router(router)
    explain_errors(api)
    describe(api, ROUTERS)
    serve_docs(api)
    return api


def _name(route: APIRoute) -> str:
    """`createAppointment`, from the name of the function."""
    first, *rest = route.name.split("_")
    return first + "".join(word.title() for word in rest)
