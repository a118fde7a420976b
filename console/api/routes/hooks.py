"""Outgoing webhooks: where a location's booking system is told, and what it was told."""

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from console.api.caller import Administers, Caller
from console.api.idempotency import Answer, Once
from console.api.routes.locations import Cursor, Limit, seen_location
from console.api.schemas.base import PathId
from console.api.schemas.hook import (
    Deliveries,
    DeliveryBody,
    HookBody,
    HookChanges,
    Hooks,
    NewHook,
    NewSecretBody,
    Queued,
    delivery_body,
    hook_body,
    secret_body,
)
from console.database import sessions
from core.clock import utcnow
from core.db.models import HookEndpoint
from core.db.models import Message as MessageRow
from core.db.read import hooks as read
from core.domain.states import Channel, Message
from core.services.hooks.again import ping, resend
from core.services.hooks.endpoints import add_endpoint, change_endpoint, remove, rotate_secret
from core.wiring import wiring

router = APIRouter(tags=["Outgoing webhooks"])
Older = Annotated[str | None, Query(pattern="^[0-9]{1,18}$", description="*next* of the answer before.")]
Status = Annotated[Message | None, Query(description="Only those in this state.")]


@router.get("/locations/{location_id}/hooks")
def list_hooks(location_id: PathId, caller: Administers, limit: Limit = 50, cursor: Cursor = "0") -> Hooks:
    """The endpoints of a location, oldest first, with how they are."""
    with sessions()() as session:
        seen_location(session, location_id, caller)
        found = read.endpoints(session, location_id=location_id, after=int(cursor), limit=limit + 1, now=utcnow())
    more = str(found[limit - 1].id) if len(found) > limit else None
    return Hooks(items=[hook_body(each) for each in found[:limit]], next=more)


@router.post("/locations/{location_id}/hooks", status_code=201, response_model=NewSecretBody)
def create_hook(location_id: PathId, body: NewHook, caller: Administers, once: Once) -> Response:
    """Register an endpoint. The answer holds its secret, which is shown this once."""

    def work(session: Session) -> Answer:
        parts = wiring()
        made = add_endpoint(
            session,
            location=seen_location(session, location_id, caller),
            url=body.url,
            events=body.events,
            vault=parts.vault,
            practice=parts.practice,
            actor=caller.actor,
            now=utcnow(),
        )
        session.refresh(made.endpoint)
        return Answer(201, secret_body(made.endpoint, made.secret))

    return once.in_one_transaction(work)


@router.get("/hooks/{hook_id}")
def get_hook(hook_id: PathId, caller: Administers) -> HookBody:
    """An endpoint as it stands."""
    with sessions()() as session:
        seen_hook(session, hook_id, caller)
        return _shown(session, hook_id)


@router.patch("/hooks/{hook_id}", response_model=HookBody)
def update_hook(hook_id: PathId, body: HookChanges, caller: Administers, once: Once) -> Response:
    """Change an endpoint, disable it or enable it again; what is left out stays as it is."""

    def work(session: Session) -> Answer:
        change_endpoint(
            session,
            seen_hook(session, hook_id, caller),
            body.edit(),
            expected_version=body.expected_version,
            practice=wiring().practice,
            actor=caller.actor,
            now=utcnow(),
        )
        return Answer(200, _shown(session, hook_id))

    return once.in_one_transaction(work)


@router.post("/hooks/{hook_id}/secret", status_code=201, response_model=NewSecretBody)
def rotate_hook_secret(hook_id: PathId, caller: Administers, once: Once) -> Response:
    """Make a new secret, shown this once. For a day the old one signs as well."""

    def work(session: Session) -> Answer:
        found = seen_hook(session, hook_id, caller)
        made = rotate_secret(session, found, vault=wiring().vault, actor=caller.actor, now=utcnow())
        return Answer(201, secret_body(made.endpoint, made.secret))

    return once.in_one_transaction(work)


@router.post("/hooks/{hook_id}/ping", status_code=202, response_model=Queued)
def ping_hook(hook_id: PathId, caller: Administers, once: Once) -> Response:
    """Send a test event, whatever the endpoint asked for."""

    def work(session: Session) -> Answer:
        message = ping(session, seen_hook(session, hook_id, caller), actor=caller.actor, now=utcnow())
        return Answer(202, Queued(delivery_id=message))

    return once.in_one_transaction(work)


@router.get("/hooks/{hook_id}/deliveries")
def list_deliveries(
    hook_id: PathId, caller: Administers, status: Status = None, limit: Limit = 50, cursor: Older = None
) -> Deliveries:
    """What an endpoint was told, newest first."""
    before = read.NEWEST if cursor is None else int(cursor)
    with sessions()() as session:
        seen_hook(session, hook_id, caller)
        found = read.deliveries(session, hook_id, before=before, status=status, limit=limit + 1)
    more = str(found[limit - 1].id) if len(found) > limit else None
    return Deliveries(items=[delivery_body(each) for each in found[:limit]], next=more)


@router.get("/deliveries/{delivery_id}")
def get_delivery(delivery_id: PathId, caller: Administers) -> DeliveryBody:
    """One webhook and what became of it."""
    with sessions()() as session:
        found = read.delivery(session, delivery_id)
    caller.require(found.location_id if found else None, "delivery")
    assert found is not None
    return delivery_body(found)


@router.post("/deliveries/{delivery_id}/resend", status_code=202, response_model=Queued)
def resend_delivery(delivery_id: PathId, caller: Administers, once: Once) -> Response:
    """Send once more what was sent, given up or dropped. The receiver knows it by its id."""

    def work(session: Session) -> Answer:
        found = session.get(MessageRow, delivery_id)
        known = found is not None and found.channel == Channel.HOOK
        caller.require(found.location_id if known and found else None, "delivery")
        return Answer(202, Queued(delivery_id=resend(session, delivery_id, actor=caller.actor, now=utcnow())))

    return once.in_one_transaction(work)


@router.delete("/hooks/{hook_id}", status_code=204, response_class=Response)
def delete_hook(hook_id: PathId, caller: Administers, once: Once) -> Response:
    """Remove an endpoint. It is told nothing more."""

    def work(session: Session) -> Answer:
        remove(session, seen_hook(session, hook_id, caller), actor=caller.actor, now=utcnow())
        return Answer(204)

    return once.in_one_transaction(work)


def seen_hook(session: Session, hook_id: int, caller: Caller) -> HookEndpoint:
    """The endpoint. Raises `NotFound` unless it exists and *caller* sees it."""
    found = session.get(HookEndpoint, hook_id)
    there = found is not None and found.removed_at is None
    caller.require(found.location_id if there and found else None, "endpoint")
    assert found is not None
    return found


def _shown(session: Session, hook_id: int) -> HookBody:
    [found] = read.endpoints(session, endpoint_id=hook_id, now=utcnow())
    return hook_body(found)
