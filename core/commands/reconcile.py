"""`zoompool reconcile`: compare with Zoom now."""

from dataclasses import asdict
from typing import Annotated

import typer

from core.clock import utcnow
from core.commands.output import ACTOR, AnyLocation, AsJson, out, say, show
from core.services.locations import find_location
from core.services.reconcile.run import Reconciled, reconcile
from core.wiring import wiring


def reconcile_now(
    location: AnyLocation = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only look and say what would be done.")] = False,
    allow_many: Annotated[
        bool, typer.Option("--allow-many", help="You have looked: delete more than one pass does by itself.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare the meetings on Zoom with ours: delete what was left behind, ask about what is missing."""
    parts = wiring()
    with parts.sessions() as session:
        location_id = find_location(session, location).id if location else None
    done = reconcile(
        parts.sessions,
        parts.zoom,
        delete_finished=parts.settings.delete_finished_meetings,
        clock=utcnow,
        run_id=None,
        actor=ACTOR,
        location_id=location_id,
        dry_run=dry_run,
        allow_many=allow_many,
    )
    if as_json:
        facts = {**asdict(done), "fixed": done.fixed, "refused": done.refused}
        say("", facts, as_json=True)
        return
    _tell(done)


def _tell(done: Reconciled) -> None:
    out.print(f"{done.accounts} accounts list {done.listed} meetings, {done.ours} of them ours.")
    nothing = "Nothing stands out on the lists that came." if done.not_listed else "Everything is as it should be."
    show([asdict(line) for line in done.lines], as_json=False, empty=nothing)
    for each in done.not_listed:
        out.print(f"{each.account}: not listed, so nothing is concluded. {each.reason}", soft_wrap=True, markup=False)
    if done.refused:
        out.print(
            f"{done.refused} deletions are too many for a leftover, so none was made. Look at them in Zoom; "
            "if they are to go, run it again with --allow-many.",
            soft_wrap=True,
        )
