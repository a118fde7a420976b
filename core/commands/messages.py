"""`zoompool messages`: what was, is or will be sent; how it reads, and once more."""

from enum import StrEnum
from typing import Annotated

import typer

from core.clock import utcnow
from core.commands.output import ACTOR, AnyLocation, AsJson, out, say, show
from core.errors import InvalidInput
from core.services.book import find_appointment
from core.services.locations import find_location
from core.services.messages import list_messages
from core.services.preview import preview
from core.services.resend import resend
from core.wiring import wiring

messages = typer.Typer(help="What was, is or will be sent.", no_args_is_help=True)


class Part(StrEnum):
    """The forms in which a mail says the same."""

    TEXT = "text"
    HTML = "html"
    CALENDAR = "calendar"


@messages.command("list")
def list_sent(
    location: AnyLocation = None,
    appointment: Annotated[str | None, typer.Option(help="Only this appointment; needs --location.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=1000)] = 50,
    as_json: AsJson = False,
) -> None:
    """List messages, newest first."""
    with wiring().sessions() as session:
        place = find_location(session, location) if location else None
        if appointment is not None and place is None:
            raise InvalidInput("location", "is needed to find an appointment by its id.")
        booked = find_appointment(session, place, appointment).id if place and appointment else None
        lines = list_messages(session, location_id=place.id if place else None, appointment_id=booked, limit=limit)
    rows = [
        {
            "id": line.id,
            "kind": line.kind,
            "to": line.to,
            "status": line.status,
            "sent_at": line.sent_at,
            "appointment": line.appointment,
            "answer": line.reply or line.reason,
        }
        for line in lines
    ]
    show(rows, as_json=as_json, empty="No message yet.")


@messages.command("preview")
def preview_one(
    message_id: Annotated[int, typer.Argument(help="As zoompool messages list shows it.", min=1)],
    part: Annotated[Part, typer.Option(help="Which of its forms.")] = Part.TEXT,
    with_link: Annotated[
        bool, typer.Option("--with-link", help="With link and passcode, while they are valid.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a mail says at this moment. Nothing is sent and nothing is marked."""
    parts = wiring()
    with parts.sessions() as session:
        sender = parts.mail_server.sender_address
        seen = preview(session, parts.vault, message_id, sender_address=sender, with_link=with_link, now=utcnow())
    if as_json:
        say("", vars(seen), as_json=True)
        return
    if seen.untrue:
        out.print(f"It would not leave any more: {seen.untrue}", markup=False)
    out.print(f"To: {seen.to}\nSubject: {seen.subject}\n", markup=False, soft_wrap=True)
    out.print(str(getattr(seen, part)), markup=False, highlight=False, soft_wrap=True)


@messages.command("resend")
def resend_one(
    message_id: Annotated[int, typer.Argument(help="As zoompool messages list shows it.", min=1)],
    as_json: AsJson = False,
) -> None:
    """Send a mail again, as it reads now and to the client's address of now; only while it is true."""
    with wiring().sessions.begin() as session:
        done = resend(session, message_id, actor=ACTOR, now=utcnow())
    say(
        f"The mail is sent again to {done.to}; it leaves within seconds.",
        {"message": done.message_id, "kind": done.kind, "to": done.to},
        as_json=as_json,
    )
