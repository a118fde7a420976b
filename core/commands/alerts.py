"""`zoompool alerts`: what people are told when something is wrong, and whether it reaches them."""

from typing import Annotated

import typer

from core.commands.output import AnyLocation, AsJson, show
from core.db.read.alerts import alerts as read_alerts
from core.domain.alerts import title
from core.errors import ConfigurationError
from core.services.alerts.targets import targets_of
from core.services.locations import find_location
from core.wiring import wiring

alerts = typer.Typer(help="What operations are told.", no_args_is_help=True)

TEST_TITLE = "A test"
TEST_BODY = "Somebody tries out whether alerts of the Zoom pool arrive here. They do; nothing has to be done."


@alerts.command("list")
def list_alerts(
    location: AnyLocation = None,
    all_: Annotated[bool, typer.Option("--all", help="Those that are over as well.")] = False,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=1000)] = 100,
    as_json: AsJson = False,
) -> None:
    """List what is wrong now, newest first."""
    with wiring().sessions() as session:
        place = find_location(session, location).id if location else None
        lines = read_alerts(session, location=place, cleared_too=all_, limit=limit)
    rows = [
        {
            "kind": line.kind if as_json else title(line.kind),
            "location": line.location,
            "since": line.raised_at,
            "over_since": line.cleared_at,
            "text": line.text,
            "next_step": line.next_step,
        }
        for line in lines
    ]
    show(rows, as_json=as_json, empty="Nothing is wrong that operations would have to know.")


@alerts.command("test")
def try_out(as_json: AsJson = False) -> None:
    """Send a test alert to every target of ALERT_URLS and show the answers."""
    targets = targets_of(wiring().settings)
    if not targets:
        raise ConfigurationError(
            "Nobody is told of alerts: ALERT_URLS is not set.",
            next_step="Set it to one or more of apprise's URLs, such as mailtos://user:password@host?to=address.",
        )
    answers = [target.tell(TEST_TITLE, TEST_BODY, kind=None, over=False) for target in targets]
    rows = [
        {"target": number, "accepted": each.accepted, "answer": each.words} for number, each in enumerate(answers, 1)
    ]
    show(rows, as_json=as_json, empty="")
    if not all(answer.accepted for answer in answers):
        raise typer.Exit(1)
