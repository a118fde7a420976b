"""`zoompool`: everything that can be done without a browser."""

import logging
import sys
import uuid
from typing import Annotated

import sqlalchemy.exc
import structlog
import typer

from core import logs
from core.commands.accounts import accounts
from core.commands.alerts import alerts
from core.commands.api_keys import api_keys
from core.commands.appointments import appointments
from core.commands.calendars import calendars
from core.commands.doctor import doctor
from core.commands.hands_on import pause_all, resume_all
from core.commands.hooks import hooks
from core.commands.locations import locations
from core.commands.messages import messages
from core.commands.output import err, out
from core.commands.people import people
from core.commands.reconcile import reconcile_now
from core.commands.recordings import app as recordings
from core.commands.seats import seats
from core.errors import ZoomPoolError
from core.services.rotate_keys import rotate_keys
from core.settings import get_settings
from core.settings_reading import read_settings
from core.wiring import wiring

app = typer.Typer(help="Leases pooled Zoom accounts to appointments.", no_args_is_help=True, add_completion=False)
app.add_typer(locations, name="locations")
app.add_typer(calendars, name="calendars")
app.add_typer(seats, name="seats")
app.add_typer(accounts, name="accounts")
app.add_typer(appointments, name="appointments")
app.add_typer(messages, name="messages")
app.add_typer(recordings, name="recordings")
app.add_typer(alerts, name="alerts")
app.add_typer(hooks, name="hooks")
app.add_typer(api_keys, name="api-keys")
app.add_typer(people, name="people")
keys = typer.Typer(help="The keys that encrypt tokens and passcodes.", no_args_is_help=True)
app.add_typer(keys, name="keys")
app.add_typer(doctor, name="doctor")
app.command("reconcile")(reconcile_now)
app.command("pause")(pause_all)
app.command("resume")(resume_all)


@app.command()
def up(
    stop_with_parent: Annotated[
        bool, typer.Option(hidden=True, help="Stop when the process that started it ends.")
    ] = False,
) -> None:
    """Start everything on this machine: database, practice Zoom, Dagster and the console."""
    from core.up import run_up  # not needed by any other command, and slow to import

    raise typer.Exit(run_up(get_settings(), stop_with_parent=stop_with_parent))


@app.command()
def migrate() -> None:
    """Bring the database to this version's schema."""
    from core.db.migrate import upgrade

    upgrade(wiring().database_url)
    out.print("The database has the newest schema.")


@app.command()
def demo() -> None:
    """Add a round of practice appointments, due from now on."""
    from core.up.demo import add_appointments

    for line in add_appointments(wiring()):
        out.print(line)


@keys.command("rotate")
def rotate() -> None:
    """Encrypt every token and passcode anew with the first of TOKEN_ENCRYPTION_KEYS."""
    parts = wiring()
    count = rotate_keys(parts.sessions, parts.vault)
    out.print(f"{count} rows are encrypted with the newest key; the older keys can be taken out of the setting.")


def main() -> None:
    """Run a command; whatever goes wrong becomes a sentence, never a traceback."""
    try:
        logs.configure(read_settings().log_format, logging.WARNING)
        app()
    except ZoomPoolError as error:
        _fail(str(error))
    except sqlalchemy.exc.OperationalError as error:
        _fail(
            f"The database does not answer: {str(error.orig).strip().splitlines()[0]}. Start it, or check DATABASE_URL."
        )
    except sqlalchemy.exc.ProgrammingError:
        _fail("The database does not have this version's schema. Run: zoompool migrate.")
    except Exception:  # noqa: BLE001 - the outermost edge: logged with an id to quote, never a traceback
        incident = uuid.uuid4().hex[:8]
        structlog.get_logger().exception("command failed", incident=incident)
        _fail(f"Something went wrong that should not. Quote {incident}; the log line above it says more.")


def _fail(sentence: str) -> None:
    err.print(sentence, style="red", soft_wrap=True, markup=False)
    sys.exit(1)
