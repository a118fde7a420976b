"""The client against the practice Zoom, over real HTTP."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import requests
import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import ZoomLimit
from core.errors import (
    AccountUnfit,
    MeetingLive,
    NeedsReauth,
    TokenRefused,
    ZoomError,
    ZoomNotFound,
    ZoomRateLimited,
    ZoomUnavailable,
)
from core.services.tokens import AccountCredentials
from core.settings import Settings
from core.zoom import wire
from core.zoom.client import Credentials, ZoomClient
from core.zoom.limiter import RATES, Limiter
from core.zoom.payloads import MeetingRequest, ZoomMeeting, judge
from tests.unit.zoom.answers import answer
from tests.world import World

CREATE = {"method": "POST", "path_regex": "/users/me/meetings$"}


def wanted(agenda: str = "zp:installation:1") -> MeetingRequest:
    """A meeting in ten minutes."""
    starts_at = utcnow().replace(microsecond=0) + timedelta(minutes=10)
    return MeetingRequest(topic="Video", agenda=agenda, starts_at=starts_at, minutes=30, passcode="abcDEF2345")


def create(world: World, credentials: Credentials) -> ZoomMeeting:
    """Create a meeting."""
    return world.parts.zoom.client.create_meeting(credentials, wanted())


def test_a_meeting_is_made_as_asked_read_listed_and_deleted(world: World, credentials: AccountCredentials) -> None:
    """The whole life that the main job needs."""
    client = world.parts.zoom.client

    made = client.create_meeting(credentials, wanted())
    judge(made)

    assert made.recorded
    assert made.password == "abcDEF2345"
    assert client.get_meeting(credentials, made.id).join_url == made.join_url
    assert [(each.id, each.agenda) for each in client.list_meetings(credentials)] == [(made.id, "zp:installation:1")]
    client.delete_meeting(credentials, made.id)
    assert client.list_meetings(credentials) == []
    with pytest.raises(ZoomNotFound):
        client.get_meeting(credentials, made.id)


def test_deleting_what_is_gone_is_a_success(world: World, credentials: AccountCredentials) -> None:
    """Deleting is a duty that may be done twice."""
    made = create(world, credentials)
    world.sandbox.delete_meeting(made.id)

    world.parts.zoom.client.delete_meeting(credentials, made.id)


def test_a_running_meeting_is_not_deleted_until_it_was_ended(world: World, credentials: AccountCredentials) -> None:
    """People are inside."""
    client = world.parts.zoom.client
    made = create(world, credentials)
    world.sandbox.start_meeting(made.id)

    assert client.get_meeting(credentials, made.id).started
    with pytest.raises(MeetingLive):
        client.delete_meeting(credentials, made.id)
    client.end_meeting(credentials, made.id)
    client.delete_meeting(credentials, made.id)


def test_what_was_held_is_read_once_it_is_over(world: World, credentials: AccountCredentials) -> None:
    """While it runs, and when it was never held, Zoom knows of nothing."""
    client = world.parts.zoom.client
    made = create(world, credentials)
    world.sandbox.start_meeting(made.id)
    with pytest.raises(ZoomNotFound):
        client.past_meeting(credentials, made.id)

    world.sandbox.end_meeting(made.id)

    past = client.past_meeting(credentials, made.id)
    assert past.start_time and past.end_time and past.start_time <= past.end_time
    assert [each.uuid for each in client.past_instances(credentials, made.id)] == [past.uuid]


def test_a_list_is_read_to_its_last_page(
    world: World, credentials: AccountCredentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list cut short would look as if a meeting were not there."""
    monkeypatch.setattr("core.zoom.client.PAGE_SIZE", 2)
    made = {create(world, credentials).id for _ in range(5)}

    assert {each.id for each in world.parts.zoom.client.list_meetings(credentials)} == made


@pytest.mark.parametrize(
    ("effect", "maybe_done", "made"),
    [
        ({"status": 500}, True, 0),
        ({"status": 503, "when": "after"}, True, 1),
        ({"html": True}, True, 0),
        ({"html": True, "when": "after"}, True, 1),
        ({"reset": True}, True, 0),
        ({"reset": True, "when": "after"}, True, 1),
        ({"lose_reply": True}, True, 1),
    ],
)
def test_a_create_without_an_answer_may_have_taken_effect_and_is_not_repeated(
    world: World, credentials: AccountCredentials, effect: dict[str, object], maybe_done: bool, made: int
) -> None:
    """Zoom has no idempotency key: a repeated create is a second meeting."""
    world.sandbox.fault(effect, times=1, **CREATE)

    with pytest.raises(ZoomUnavailable) as lost:
        create(world, credentials)

    assert lost.value.maybe_done is maybe_done
    assert len(world.sandbox.meetings()) == made


def test_a_zoom_that_does_not_answer_in_time_is_given_up(
    world: World, credentials: AccountCredentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread that waits for ever is a seat in the pool lost."""
    monkeypatch.setattr(wire, "READ_SECONDS", 0.3)
    world.sandbox.fault({"timeout": 2, "when": "after"}, times=1, **CREATE)

    with pytest.raises(ZoomUnavailable, match="in time") as lost:
        create(world, credentials)

    assert lost.value.maybe_done


def test_a_refused_connection_has_certainly_done_nothing(world: World, settings: Settings) -> None:
    """So a create may be repeated at once, without looking for its meeting."""
    away = settings.model_copy(update={"zoom_api_url": "http://127.0.0.1:1/v2"})
    client = ZoomClient(away, limiter=Limiter(world.parts.sessions, RATES["business"]))

    with pytest.raises(ZoomUnavailable, match="reached") as lost:
        client.create_meeting(Credentials("z", "t"), wanted())

    assert not lost.value.maybe_done


def test_reading_never_leaves_anything_in_doubt(world: World, credentials: AccountCredentials) -> None:
    """What changes nothing cannot have changed anything."""
    world.sandbox.fault({"reset": True}, times=1, method="GET")

    with pytest.raises(ZoomUnavailable) as lost:
        world.parts.zoom.client.list_meetings(credentials)

    assert not lost.value.maybe_done


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"type": 4}, AccountUnfit),
        ({"locked": {"waiting_room": True}}, AccountUnfit),
        ({"locked": {"meeting_authentication": True}}, AccountUnfit),
    ],
)
def test_a_user_who_changed_since_he_was_connected_is_unfit(
    world: World, credentials: AccountCredentials, change: dict[str, object], error: type[ZoomError]
) -> None:
    """The licence can go and settings can be locked between connecting and creating."""
    world.sandbox.change_user("seat1@harbour-clinic.test", **change)

    with pytest.raises(error):
        judge(create(world, credentials))


def test_a_dropped_recording_shows_in_the_answer(world: World, credentials: AccountCredentials) -> None:
    """Zoom makes the meeting and says nothing."""
    world.sandbox.fault({"drop_settings": {"auto_recording": "none"}}, times=1, **CREATE)

    assert not create(world, credentials).recorded


def test_an_expired_token_is_told_from_a_missing_permission(world: World, credentials: AccountCredentials) -> None:
    """The one is refreshed, the other needs a person."""
    narrow = world.sandbox.grant("seat1@harbour-clinic.test", scopes=["user:read:user"])

    with pytest.raises(NeedsReauth):
        create(world, Credentials("harbour-clinic", narrow["access_token"]))
    with pytest.raises(TokenRefused):
        create(world, credentials)


def test_the_hundred_and_first_meeting_of_a_day_benches_the_host(world: World, credentials: AccountCredentials) -> None:
    """Until midnight UTC, when Zoom counts anew; the queue of the Zoom account stays open for the others."""
    world.sandbox.configure(daily_create_limit=1)
    create(world, credentials)

    with pytest.raises(AccountUnfit) as unfit:
        create(world, credentials)

    assert unfit.value.reason == "quota_spent"
    assert unfit.value.until is not None
    assert unfit.value.until.astimezone(UTC).hour == 0
    assert world.parts.zoom.client.list_meetings(credentials)


@pytest.mark.parametrize("retry_after", [None, 2])
def test_a_429_is_obeyed_and_the_call_made_once_more(
    world: World, credentials: AccountCredentials, retry_after: int | None
) -> None:
    """With and without Retry-After; a refused call took no effect, so there is one meeting."""
    world.sandbox.fault({"status": 429, **({"retry_after": retry_after} if retry_after else {})}, times=1, **CREATE)
    before = utcnow()

    create(world, credentials)

    assert utcnow() - before >= timedelta(seconds=0.9)
    assert len(world.sandbox.meetings()) == 1


def test_a_429_for_hours_stops_everybody_at_once_and_says_until_when(
    world: World, credentials: AccountCredentials
) -> None:
    """The first one is told by Zoom, all others by the limiter, without a call."""
    until = utcnow().replace(microsecond=0) + timedelta(hours=3)
    world.sandbox.fault({"status": 429, "headers": {"Retry-After": until.isoformat()}}, **CREATE)

    for _ in range(3):
        with pytest.raises(ZoomRateLimited) as limited:
            create(world, credentials)
        assert limited.value.retry_at is not None
        assert abs(limited.value.retry_at - until) < timedelta(seconds=1)

    assert world.sandbox.stats()["rate_limited"] == 1


def test_many_threads_share_one_client_within_zooms_limit(world: World, credentials: AccountCredentials) -> None:
    """Sixteen threads, sixty calls a second: none is refused, and the order of the limiter holds for all."""
    done: list[str] = []

    def work() -> None:
        done.extend(create(world, credentials).id for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert len(set(done)) == 80
    assert world.sandbox.stats()["rate_limited"] == 0


def test_nothing_that_zoom_sets_is_carried_from_one_user_to_the_next(world: World, settings: Settings) -> None:
    """The calls of many users share the connections, so cookies would mix them."""
    session = wire.open_session(settings.api_url, connections=2)
    response = session.get(f"{settings.api_url.removesuffix('/v2')}/healthz", timeout=5)
    session.cookies.extract_cookies(response.raw, response.request)  # type: ignore[arg-type]

    assert len(session.cookies) == 0


def test_the_limiters_row_is_per_zoom_account_and_label(world: World, credentials: AccountCredentials) -> None:
    """A pool is one Zoom account with many users; Light and Medium calls are counted apart."""
    world.parts.zoom.client.get_meeting(credentials, create(world, credentials).id)

    with world.parts.sessions() as session:
        rows = session.execute(sa.select(ZoomLimit.zoom_account_id, ZoomLimit.label, ZoomLimit.next_at)).all()
    assert {(row.zoom_account_id, row.label) for row in rows} == {
        ("harbour-clinic", "Light"),
        ("harbour-clinic", "Medium"),
    }
    assert all(isinstance(row.next_at, datetime) for row in rows)


class Eavesdropper(requests.adapters.BaseAdapter):
    """Answers nothing but `{}` and remembers what was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.paths: list[str] = []

    def send(self, request: requests.PreparedRequest, *_: object, **__: object) -> requests.Response:
        self.paths.append(request.path_url)
        return answer(404, {"code": 3301, "message": "None."})

    def close(self) -> None:
        pass


def test_a_uuid_is_encoded_twice(world: World, settings: Settings) -> None:
    """It is base64: one with a slash in it would be another path, encoded once as well as not at all."""
    wire_tap = Eavesdropper()
    session = requests.Session()
    session.mount("http://", wire_tap)
    client = ZoomClient(settings, limiter=Limiter(world.parts.sessions, RATES["business"]), session=session)

    assert client.get_recording(Credentials("z", "t"), "/a+b//c==") is None

    assert wire_tap.paths == ["/v2/meetings/%252Fa%252Bb%252F%252Fc%253D%253D/recordings"]
