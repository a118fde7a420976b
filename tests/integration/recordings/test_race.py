"""Several at once: events, questions, the lifecycle and the deletion, over the same recordings."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import sqlalchemy as sa

from core.db.models import Event, Recording, RecordingFile
from core.services.recordings.attach import FoundRecording
from core.services.recordings.finished import delete_finished
from tests.integration.recordings.given import END, HOUR, MINUTE, attach_all, collect, file, hold, opened, payload, seek
from tests.world import World


def test_nobody_kills_and_nothing_doubles_what_others_do(world: World) -> None:
    """Whoever comes later waits, or finds it done."""
    meetings = opened(world, *[f"A-{n}" for n in range(6)])
    for meeting in meetings:
        hold(world, meeting, f"{meeting.id}==")
    with world.parts.sessions.begin() as session:
        session.execute(sa.text("UPDATE leases SET state = 'cooldown', cooldown_until = now()"))
    ones = [
        FoundRecording(
            meeting.id, f"{meeting.id}==", payload(meeting, file(f"{meeting.id}v"), uuid=f"{meeting.id}=="), True, END
        )
        for meeting in meetings
    ]

    def delete() -> None:
        with world.parts.sessions.begin() as session:
            delete_finished(session, now=END + HOUR, enabled=True)

    shuffled = random.Random(7)
    work: list[Callable[[], Any]] = []
    for _ in range(12):
        some, others = shuffled.sample(ones, 4), shuffled.sample(meetings, 4)
        work += [
            lambda some=some: attach_all(world, some),  # type: ignore[misc]
            lambda others=others: seek(world, *others),  # type: ignore[misc]
            lambda: collect(world, END + 20 * MINUTE),
            delete,
        ]
    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(each) for each in work]:
            done.result()
    attach_all(world, ones)
    delete()

    assert [each.outcome for each in world.all(Recording)] == ["attached"] * 6
    assert len(world.all(RecordingFile)) == 6
    assert [event.kind for event in world.all(Event)].count("recording_attached") == 6
    assert {meeting.state for meeting in world.meetings()} == {"deleting"}
