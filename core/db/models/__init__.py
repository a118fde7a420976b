"""The tables. Importing this package registers all of them with `Base.metadata`."""

from core.db.models.accounts import Account, ConnectionPeriod, Grant, OAuthState, ZoomBudget, ZoomLimit
from core.db.models.appointments import Appointment, AppointmentRevision
from core.db.models.callers import ApiKey, ApiKeyLocation, HookEndpoint
from core.db.models.history import PoolHour, WhatIfResult
from core.db.models.leases import Lease, Meeting
from core.db.models.locations import Calendar, Installation, Location, LocationStatus, Seat
from core.db.models.people import Person, PersonLocation
from core.db.models.recordings import MeetingInstance, Recording, RecordingFile
from core.db.models.records import Alert, Event, IdempotencyKey, InboxEvent, Message
from core.db.types import Base

__all__ = [
    "Account",
    "Alert",
    "ApiKey",
    "ApiKeyLocation",
    "Appointment",
    "AppointmentRevision",
    "Base",
    "Calendar",
    "ConnectionPeriod",
    "Event",
    "Grant",
    "HookEndpoint",
    "IdempotencyKey",
    "InboxEvent",
    "Installation",
    "Lease",
    "Location",
    "LocationStatus",
    "Meeting",
    "MeetingInstance",
    "Message",
    "OAuthState",
    "Person",
    "PersonLocation",
    "PoolHour",
    "Recording",
    "RecordingFile",
    "Seat",
    "WhatIfResult",
    "ZoomBudget",
    "ZoomLimit",
]
