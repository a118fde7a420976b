"""Who may do what. One table; pages, actions and routes ask it, and docs/roles.md shows it to people."""

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """What a person is here for. A host is confined to the locations that are his own."""

    HOST = "host"
    SUPPORT = "support"
    OPERATIONS = "operations"
    ENGINEER = "engineer"
    ADMIN = "admin"


class Permission(StrEnum):
    """Something a person may do: see a page, or change something on one."""

    SEE_POOL = "see the pool"
    SEE_WHAT_IF = "see what-if"
    SEE_APPOINTMENTS = "see appointments"
    SEE_CONNECTIONS = "see connections"
    SEE_CALENDARS = "see calendars"
    SEE_LOCATIONS = "see locations"
    SEE_HOOKS = "see outgoing webhooks"
    SEE_API_KEYS = "see API keys"
    SEE_HEALTH = "see the health of the product"
    SEE_SANDBOX = "see the sandbox"

    BOOK = "book and change appointments"
    MOVE = "move an appointment to another account"
    START_AS_HOST = "start a meeting as its host"
    RETRY = "try a failed link again"
    CONNECT = "connect accounts"
    DISCONNECT = "disconnect accounts"
    QUARANTINE = "take accounts out of the pool and back"
    FREE = "free accounts"
    ISSUE_SEATS = "issue, move and take back seats"
    PAUSE = "pause and resume links"
    ASK_WHAT_IF = "have what-if computed"
    EDIT_CALENDARS = "change calendars"
    EDIT_LOCATIONS = "change locations"
    MANAGE_HOOKS = "manage outgoing webhooks"
    MANAGE_API_KEYS = "manage API keys"
    DRIVE_SANDBOX = "drive the sandbox"


P = Permission
_HOST = {
    P.SEE_APPOINTMENTS, P.SEE_CONNECTIONS, P.SEE_CALENDARS,
    P.BOOK, P.START_AS_HOST, P.CONNECT, P.DISCONNECT, P.EDIT_CALENDARS,
}  # fmt: skip
# The practice page exists in the sandbox alone, where everybody may try everything out.
_PRACTICE = {P.SEE_SANDBOX, P.DRIVE_SANDBOX}
MAY: dict[Role, frozenset[Permission]] = {
    Role.HOST: frozenset(_HOST | _PRACTICE),
    Role.SUPPORT: frozenset(_HOST | _PRACTICE | {P.SEE_POOL, P.SEE_LOCATIONS, P.SEE_HEALTH, P.ISSUE_SEATS}),
    Role.OPERATIONS: frozenset(
        _PRACTICE
        | {P.SEE_POOL, P.SEE_WHAT_IF, P.SEE_APPOINTMENTS, P.SEE_CONNECTIONS, P.SEE_HEALTH}
        | {P.MOVE, P.RETRY, P.QUARANTINE, P.FREE, P.PAUSE, P.ASK_WHAT_IF}
    ),
    Role.ENGINEER: frozenset(
        _PRACTICE
        | {P.SEE_POOL, P.SEE_WHAT_IF, P.SEE_APPOINTMENTS, P.SEE_HOOKS, P.SEE_API_KEYS, P.SEE_HEALTH}
        | {P.RETRY, P.MANAGE_HOOKS, P.MANAGE_API_KEYS, P.ASK_WHAT_IF}
    ),
    Role.ADMIN: frozenset(Permission),
}


HIGHEST_FIRST = (Role.ADMIN, Role.OPERATIONS, Role.ENGINEER, Role.SUPPORT, Role.HOST)


def may(role: Role | None, permission: Permission) -> bool:
    """Whether *role* has *permission*; nobody without a role has any."""
    return role is not None and permission in MAY[role]


def one_of(role: Role) -> str:
    """Somebody of that *role* in a sentence: `an admin`; support and operations are no single persons."""
    if role in (Role.SUPPORT, Role.OPERATIONS):
        return role.value
    return f"{'a' if role is Role.HOST else 'an'} {role}"


def role_of(claim: object, names: Mapping[str, Role]) -> Role | None:
    """The role that a claim gives: one value or a list of them, roles by their own names or by *names*.

    What is not known gives nothing. Of several the first in the order admin, operations, engineer, support, host.
    """
    values = claim if isinstance(claim, list | tuple) else [claim]
    known = {role.value: role for role in Role} | dict(names)
    given = {known[value] for value in values if isinstance(value, str) and value in known}
    return next((role for role in HIGHEST_FIRST if role in given), None)


def confined(role: Role | None) -> bool:
    """Whether *role* sees only the locations that were given to the person."""
    return role in (None, Role.HOST)
