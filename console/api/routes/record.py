"""What is kept of an appointment: its timeline and its recordings."""

from typing import Annotated

from fastapi import APIRouter, Query

from console.api.caller import Reads
from console.api.routes.appointment import seen
from console.api.schemas.base import PathId
from console.api.schemas.record import EventBody, FileBody, RecordingBody, Recordings, Timeline
from console.database import sessions
from core.db.read.recordings import RecordingFacts, recordings
from core.db.read.timeline import timeline
from core.wiring import wiring

router = APIRouter(tags=["Appointments"])
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str, Query(pattern="^[0-9]{1,18}$", description="*next* of the answer before.")]


@router.get("/appointments/{appointment_id}/timeline")
def get_timeline(appointment_id: PathId, caller: Reads, limit: Limit = 50, cursor: Cursor = "0") -> Timeline:
    """What happened to an appointment and who did it, oldest first."""
    with sessions()() as session:
        seen(session, appointment_id, caller)
        lines = timeline(session, appointment_id, after=int(cursor), limit=limit + 1)
    items = [EventBody(**{name: getattr(line, name) for name in EventBody.model_fields}) for line in lines[:limit]]
    return Timeline(items=items, next=str(lines[limit - 1].id) if len(lines) > limit else None)


@router.get("/appointments/{appointment_id}/recordings")
def get_recordings(appointment_id: PathId, caller: Reads) -> Recordings:
    """What Zoom recorded of an appointment, or what became of the search for it."""
    with sessions()() as session:
        seen(session, appointment_id, caller)
        found = recordings(session, appointment_id)
    return Recordings(items=[_recording(each) for each in found], next=None)


def _recording(facts: RecordingFacts) -> RecordingBody:
    same = {name: getattr(facts, name) for name in RecordingBody.model_fields if name not in ("passcode", "files")}
    passcode = None if facts.passcode is None or facts.share_url is None else wiring().vault.decrypt(facts.passcode)
    files = [FileBody(**{name: getattr(file, name) for name in FileBody.model_fields}) for file in facts.files]
    return RecordingBody(**same, passcode=passcode, files=files)
