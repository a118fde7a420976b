"""`zoompool recordings`."""

from typing import Annotated

import typer

from core.clock import utcnow
from core.commands.output import ACTOR, AnyLocation, AsJson, AsRole, out, say, show
from core.commands.transfer_bar import TransferBar
from core.db.read.recordings import list_recordings, recordings
from core.errors import InvalidInput
from core.services.book import find_appointment
from core.services.locations import find_location
from core.services.recordings.archive import Archived, archive_recordings
from core.services.recordings.collect import look_now
from core.services.recordings.finished import resume_deleting
from core.wiring import wiring

app = typer.Typer(help="What Zoom recorded of the meetings.", no_args_is_help=True)


@app.command("list")
def list_them(
    location: AnyLocation = None,
    appointment: Annotated[str | None, typer.Option(help="Only this appointment; needs --location.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=1000)] = 50,
    as_json: AsJson = False,
) -> None:
    """List recordings, newest first, with what became of the search for those that are not there."""
    parts = wiring()
    with parts.sessions() as session:
        place = find_location(session, location) if location else None
        if appointment is not None and place is None:
            raise InvalidInput("location", "is needed to find an appointment by its id.")
        if place and appointment:
            found = recordings(session, find_appointment(session, place, appointment).id)[:limit]
        else:
            found = list_recordings(session, location_id=place.id if place else None, limit=limit)
    rows = [
        {
            "id": each.id,
            "appointment": each.appointment,
            "location": each.location,
            "outcome": each.outcome,
            "reason": each.reason,
            "minutes": each.minutes,
            "files": len(each.files),
            "bytes": each.total_size,
            "share_url": each.share_url,
            "passcode": parts.vault.decrypt(each.passcode) if each.share_url and each.passcode else None,
            "asked_again_at": each.next_attempt_at,
        }
        for each in found
    ]
    show(rows, as_json=as_json, empty="No recording yet: they are looked for when a meeting has ended.")


@app.command()
def look(
    recording_id: Annotated[int, typer.Argument(metavar="ID", help="As `recordings list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Ask Zoom about a recording now, whatever is known of it."""
    parts = wiring()
    done = look_now(parts.sessions, parts.zoom, parts.vault, recording_id=recording_id, actor=ACTOR, clock=utcnow)
    facts = {"id": recording_id, "outcome": done.outcome, "detail": done.detail}
    told = f"could not be asked for: {done.detail}" if done.outcome == "later" else done.outcome.replace("_", " ")
    say(f"Recording {recording_id}: {told}", facts, as_json=as_json)


@app.command("resume-deleting")
def resume(
    reason: Annotated[str, typer.Option(help="Why it may go on.")],
    role: AsRole = "engineer",
    as_json: AsJson = False,
) -> None:
    """Delete finished meetings again, after a recording had gone with one."""
    with wiring().sessions.begin() as session:
        resume_deleting(session, actor=ACTOR, role=role, reason=reason, now=utcnow())
    say("Finished meetings are deleted again.", {"deleting": True}, as_json=as_json)


@app.command()
def archive(as_json: AsJson = False) -> None:
    """Copy every recording that is due to RECORDING_ARCHIVE_URL; what was begun before is gone on with."""
    parts = wiring()
    store = parts.recording_store
    done: list[Archived] = []
    with TransferBar() as bar:
        while batch := archive_recordings(
            parts.sessions, parts.zoom, store, clock=utcnow, run_id=None, actor=ACTOR, progress=bar.show
        ):
            done += batch
            bar.next_batch()
    rows = [
        {"recording": each.recording_id, "file": each.file_type, "outcome": each.outcome, "detail": each.detail}
        for each in done
        if as_json or each.outcome != "archived"
    ]
    copied = sum(each.outcome == "archived" for each in done)
    if as_json or rows:
        show(rows, as_json=as_json, empty="")
    if not as_json:
        out.print(f"{copied} files were copied.")
