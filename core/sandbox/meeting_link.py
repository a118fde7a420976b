"""The guest's way into a meeting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.sandbox.records import Meeting

if TYPE_CHECKING:
    from core.sandbox.world import World


def join_url(world: World, meeting: Meeting) -> str:
    """The guest's link; the passcode is embedded when the host's settings say so."""
    host = world.users.get(meeting.host_id)
    embedded = host is None or host.settings.get("schedule_meeting", {}).get("embed_password_in_join_link", True)
    secret = f"?pwd={meeting.passcode_token}" if meeting.password and embedded else ""
    return f"{world.options.public_url}/j/{meeting.id}{secret}"
