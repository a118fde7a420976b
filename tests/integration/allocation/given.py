"""What allocation tests change by hand, and how they read what came of it."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import Account, Appointment, Installation, Lease, Location, Meeting
from tests.world import World

MINUTE = timedelta(minutes=1)


def change(world: World, table: type[Any], row_id: int, **values: Any) -> None:
    """Set columns of one row."""
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(table).where(table.id == row_id).values(**values))


def change_all(world: World, table: type[Any], **values: Any) -> None:
    """Set columns of every row of *table*."""
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(table).values(**values))


def idle(world: World, *minutes: int) -> list[Account]:
    """Let the accounts be idle since that many minutes ago, in the order in which they were connected."""
    now = utcnow().replace(microsecond=0)
    for account, ago in zip(world.accounts(), minutes, strict=True):
        change(world, Account, account.id, idle_since=now - ago * MINUTE)
    return world.accounts()


def in_cooldown(world: World, account: Account, *, until: datetime) -> Lease:
    """A lease of *account* on an appointment that took place, resting *until*."""
    past = world.book(f"PAST-{account.id}", starts_in=timedelta(hours=5))
    change(world, Appointment, past.id, status="completed", link="ended")
    with world.parts.sessions.begin() as session:
        lease = Lease(
            location_id=account.location_id,
            account_id=account.id,
            appointment_id=past.id,
            revision=1,
            state="cooldown",
            account_idle_since=account.idle_since,
            free_accounts=1,
            reserved_at=utcnow() - timedelta(hours=1),
            cooldown_at=until - 5 * MINUTE,
            cooldown_until=until,
        )
        session.add(lease)
    return lease


def still_on_zoom(world: World, account: Account, state: str) -> None:
    """A released lease of *account* whose meeting is *state* (`deleting` or `unknown`)."""
    lease = in_cooldown(world, account, until=utcnow())
    now = utcnow()
    change(world, Lease, lease.id, state="released", released_at=now, release_reason="cancelled")
    with world.parts.sessions.begin() as session:
        session.add(
            Meeting(
                location_id=account.location_id,
                lease_id=lease.id,
                account_id=account.id,
                reference=f"zp:test:{account.id}",
                state=state,
                intended_at=now,
                next_attempt_at=now,
            )
        )


def pause_all(world: World) -> None:
    """Pause the allocation of every location."""
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Installation).values(allocation_paused_at=utcnow()))


def location_of(world: World, name: str = "Harbour Clinic") -> Location:
    """The location as it is now."""
    [location] = world.all(Location, name=name)
    return location


def served(world: World) -> dict[str, str]:
    """Which account each appointment has: external id to e-mail."""
    accounts = {account.id: account.email for account in world.accounts()}
    appointments = {a.id: a.external_id for a in world.all(Appointment)}
    return {
        appointments[lease.appointment_id]: accounts[lease.account_id]
        for lease in world.leases()
        if lease.released_at is None and lease.state != "cooldown"
    }
