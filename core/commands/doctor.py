"""`zoompool doctor`: what is wrong and how to mend it; and what to do after a restore."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text

from core.clock import utcnow
from core.commands.output import ACTOR, AsJson, out, say, show
from core.services.doctor.check import Check, Level
from core.services.doctor.examine import examine
from core.services.doctor.restore import AfterRestore, after_restore
from core.wiring import wiring

doctor = typer.Typer(help="Look at every part and say what to mend.", invoke_without_command=True)

STYLE = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "bold red"}


@doctor.callback()
def examine_all(
    context: typer.Context,
    accounts: Annotated[bool, typer.Option("--accounts", help="Ask Zoom about each account too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Look at every part; exit status 1 if one does not do its work."""
    if context.invoked_subcommand:
        return
    found = []
    for check in examine(wiring(), clock=utcnow, accounts=accounts):
        found.append(check)
        if not as_json:
            _print(check)
    if as_json:
        show([asdict(check) for check in found], as_json=True, empty="")
    if any(check.level is Level.FAIL for check in found):
        raise typer.Exit(1)


@doctor.command("after-restore")
def restored(
    drop_messages: Annotated[
        bool, typer.Option("--drop-messages", help="Send none of the messages that were waiting in the backup.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a restored database safe to use, before anything else runs on it."""
    parts = wiring()
    done = after_restore(parts.sessions, parts.zoom.tokens, drop_messages=drop_messages, actor=ACTOR, clock=utcnow)
    say("\n".join(_told(done)), asdict(done), as_json=as_json)


def _print(check: Check) -> None:
    level = Text(f"{check.level.value:4}", style=STYLE[check.level])
    out.print(level, f" {check.part}: ", end="", highlight=False)
    out.print(f"{check.says} {check.next_step}".rstrip(), markup=False, highlight=False, soft_wrap=True)


def _told(done: AfterRestore) -> list[str]:
    told = [
        "This installation has a new id: no meeting made after the backup will be deleted by it.",
        f"{done.leases} open leases and {done.meetings} meetings are asked about as soon as the daemon runs.",
        f"{done.refreshed} accounts have new tokens.",
    ]
    if done.reconnect:
        told.append(f"Press Reconnect in the console for {', '.join(done.reconnect)}: the restored tokens are dead.")
    if done.unanswered:
        told.append(f"Zoom did not answer for {', '.join(done.unanswered)}; they are tried again by themselves.")
    if done.messages and done.dropped:
        told.append(f"{done.messages} messages that were waiting were dropped.")
    elif done.messages:
        told.append(
            f"{done.messages} messages were waiting when the backup was taken. They leave when the daemon runs, and "
            "some may have left before; to drop them, run this again with --drop-messages before you start it."
        )
    told.append(
        "Allocation is paused. Start everything, run `zoompool reconcile --dry-run`, look at what it reports, then: "
        "zoompool resume --reason '...'."
    )
    return told
