"""Thousands of appointments with Zoom's events lost, doubled, late and in any order: always the same end."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.lifecycle import Decision, Evidence, Held, Rules, Said, decide
from core.domain.states import Appointment, Lease
from core.services.lifecycle.signs import Sign

START = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULES = Rules(
    no_show_grace=15 * MINUTE,
    rejoin_grace=10 * MINUTE,
    late_open_limit=15 * MINUTE,
    hold_limit=timedelta(hours=4),
    cooldown=5 * MINUTE,
)
POLLED_AFTER = 15 * MINUTE


@dataclass(frozen=True)
class Instance:
    """One time the meeting is really held, in minutes after the start; *processing*: how long its recording takes."""

    uuid: str
    begin: float
    end: float
    processing: float

    @property
    def begin_at(self) -> datetime:
        return START + self.begin * MINUTE

    @property
    def end_at(self) -> datetime:
        return START + self.end * MINUTE

    @property
    def recorded_at(self) -> datetime:
        return self.end_at + self.processing * MINUTE


@dataclass(frozen=True)
class Arrival:
    """An event that reaches us at *at*: a sign, and with *recorded* the recording."""

    at: datetime
    sign: Sign
    recorded: bool = False


@dataclass
class Day:
    """One appointment, what really happens, and what reaches us."""

    length: int
    instances: list[Instance]
    arrivals: list[Arrival]
    signs: dict[str, Sign] = field(default_factory=dict)
    recorded: dict[str, datetime] = field(default_factory=dict)
    said: Said | None = None
    said_at: datetime | None = None

    def evidence(self) -> Evidence:
        """What is known now."""
        held = tuple(
            Held(sign.started_at, sign.ended_at, self.recorded.get(uuid) if sign.ended_at else None)
            for uuid, sign in sorted(self.signs.items())
        )
        ends_at = START + self.length * MINUTE
        return Evidence(START, ends_at, START - 10 * MINUTE, held=held, said=self.said, said_at=self.said_at)

    def take(self, sign: Sign) -> None:
        """Add a sign to what is known."""
        known = self.signs.get(sign.zoom_uuid)
        self.signs[sign.zoom_uuid] = known.with_(sign) if known else sign

    def running(self, now: datetime) -> Instance | None:
        """Who is really inside."""
        return next((each for each in self.instances if each.begin_at <= now < each.end_at), None)

    def answer(self, now: datetime) -> None:
        """Zoom is asked and tells what is."""
        inside = self.running(now)
        self.said, self.said_at = (Said.STARTED if inside else Said.WAITING), now
        if inside:
            self.take(_sign(inside.uuid, now, now))
            return
        for each in self.instances:
            if each.end_at <= now:
                self.take(_sign(each.uuid, each.begin_at, each.end_at, ended_at=each.end_at, by="asked"))

    def polled(self, now: datetime) -> None:
        """What the search for recordings finds by itself."""
        for each in self.instances:
            sign = self.signs.get(each.uuid)
            if sign and sign.ended_at and now >= max(each.recorded_at, sign.ended_at + POLLED_AFTER):
                self.recorded.setdefault(each.uuid, now)


def _sign(uuid: str, started_at: datetime, seen_at: datetime, **more: object) -> Sign:
    return Sign(1, 1, uuid, started_at, seen_at, **more)  # type: ignore[arg-type]


def _events(instance: Instance) -> list[tuple[datetime, Sign, bool]]:
    """What Zoom sends about one instance, and when."""
    uuid, begin, end = instance.uuid, instance.begin_at, instance.end_at
    soon = min(begin + timedelta(seconds=20), end)
    return [
        (begin, _sign(uuid, begin, begin, events=1), False),
        (soon, _sign(uuid, soon, soon, events=1), False),
        (end, _sign(uuid, end, end, events=1), False),
        (end, _sign(uuid, begin, end, ended_at=end, by="event", events=1), False),
        (
            instance.recorded_at,
            _sign(uuid, begin, end, ended_at=end, by="recorded", recording_at=begin, events=1),
            True,
        ),
    ]


@st.composite
def days(draw: st.DrawFn) -> Day:
    """People come early, late, twice or never; they are back while the meeting is still there, or not at all."""
    length = draw(st.sampled_from([20, 30, 60]))
    instances: list[Instance] = []
    at = draw(st.floats(-9, 14))
    for number in range(draw(st.integers(0, 3))):
        end = at + draw(st.floats(0.2, length + 10))
        instances.append(Instance(f"uuid-{number}", at, end, draw(st.floats(0.1, 60))))
        at = end + draw(st.floats(0.1, 9))
        still_there = max(length, end + instances[-1].processing)  # afterwards the meeting is deleted
        if at >= still_there or (end <= 0 and at > 14):
            break
    arrivals = [
        Arrival(at + draw(st.floats(0, 90)) * MINUTE, sign, recorded)
        for instance in instances
        for at, sign, recorded in _events(instance)
        for _ in range(draw(st.sampled_from([0, 1, 3])))
    ]
    return Day(length, instances, sorted(arrivals, key=lambda each: each.at))


def live(day: Day) -> tuple[Lease, Appointment | None, frozenset[str]]:
    """Let the day go by, looking and asking when the decisions say so; how it ends."""
    now, todo = START - 10 * MINUTE, list(day.arrivals)
    for _ in range(500):
        decision = decide(day.evidence(), RULES, now)
        _check(day, decision, now)
        if decision.state is Lease.CLOSING:
            return decision.state, decision.outcome, frozenset()
        if decision.state is Lease.COOLDOWN and decision.ask_at is None and decision.look_at == now:
            return Lease.RELEASED, decision.outcome, frozenset(day.recorded)
        times = [decision.look_at, decision.ask_at, todo[0].at if todo else None]
        if decision.state is Lease.PROCESSING:
            times.append(now + 15 * MINUTE)
        now = max(now, min(each for each in times if each is not None))
        while todo and todo[0].at <= now:
            arrival = todo.pop(0)
            day.take(arrival.sign)
            if arrival.recorded:
                day.recorded.setdefault(arrival.sign.zoom_uuid, arrival.at)
        if decision.ask_at is not None and decision.ask_at <= now:
            day.answer(now)
        day.polled(now)
    raise AssertionError(f"no end in sight: {decision}")


def _check(day: Day, decision: Decision, now: datetime) -> None:
    """What must hold at every moment."""
    if decision.state in (Lease.CLOSING, Lease.RESERVED):
        assert day.running(now) is None, "people are inside a meeting that is to be deleted"
        assert not any(each.end_at <= now for each in day.instances), "its recording would be lost"
    if decision.state is Lease.COOLDOWN and decision.ask_at is None:
        assert day.running(now) is None, "an account is given away with people inside"
    if decision.state in (Lease.READY, Lease.LIVE, Lease.PROCESSING):
        assert decision.look_at or decision.ask_at, "nobody will ever look again"


@settings(max_examples=3000, deadline=None)
@given(days())
def test_whatever_reaches_us_the_end_is_the_same(day: Day) -> None:
    """No account leaks, nobody is thrown out, no recording is lost, and the appointment becomes what it was."""
    told = [Arrival(at, sign, recorded) for each in day.instances for at, sign, recorded in _events(each)]
    ideal = replace(day, arrivals=sorted(told, key=lambda each: each.at), signs={}, recorded={})

    end = live(day)

    assert end == live(ideal)
    assert end[0] is (Lease.RELEASED if day.instances else Lease.CLOSING)
    assert end[2] == frozenset(each.uuid for each in day.instances)
