"""The number or address of a meeting location: what clients can use is taken, what they cannot is refused."""

import pytest

from core.domain.checks import FieldError
from core.domain.meeting_place import meeting_detail
from core.domain.states import MeetingLocation

PHONE, MEET, CUSTOM = MeetingLocation.PHONE, MeetingLocation.GOOGLE_MEET, MeetingLocation.CUSTOM


@pytest.mark.parametrize(
    ("where", "given"),
    [
        (PHONE, "+49 30 1234567"),
        (PHONE, "+1 (212) 555-0100 ext. 12"),
        (PHONE, "030/123456"),
        (PHONE, "112"),
        (PHONE, "+49 69 7104 9922, 834552#"),
        (MEET, "https://meet.google.com/abc-defg-hij"),
        (CUSTOM, "https://example.com:8443/room?id=7"),
        (CUSTOM, "Front desk, second floor"),
        (CUSTOM, "Tōkyō, 銀座 4-1"),
    ],
)
def test_what_clients_can_use_is_taken(where: MeetingLocation, given: str) -> None:
    """As it was written, without space around it."""
    assert meeting_detail(where, f" {given} ") == given


@pytest.mark.parametrize(
    ("where", "given"),
    [
        (PHONE, None),
        (PHONE, "  "),
        (PHONE, "call us"),
        (PHONE, "12"),
        (PHONE, "1" * 40),
        (PHONE, "https://example.com"),
        (PHONE, "+49 30 1\n234567"),
        (MEET, None),
        (MEET, "abc-defg-hij"),
        (MEET, "http://meet.google.com/abc"),
        (MEET, "https://"),
        (MEET, "https://user:secret@meet.google.com/abc"),
        (MEET, "https://meet.google.com:port/abc"),
        (MEET, "https://[meet"),
        (MEET, "https://meet.google.com/a b"),
        (MEET, "https://meet.google.com/" + "a" * 500),
        (CUSTOM, None),
        (CUSTOM, "http://example.com"),
        (CUSTOM, "www.example.com"),
        (CUSTOM, "javascript:alert(1)"),
        (CUSTOM, "Front desk\x00"),
        (MeetingLocation.ZOOM, "https://zoom.us/j/1"),
    ],
)
def test_what_they_cannot_use_is_refused(where: MeetingLocation, given: str | None) -> None:
    """With the name of the field."""
    with pytest.raises(FieldError) as refused:
        meeting_detail(where, given)
    assert refused.value.field == "meeting_detail"


def test_zoom_needs_none() -> None:
    """Every appointment gets a link of its own there."""
    assert meeting_detail(MeetingLocation.ZOOM, None) is meeting_detail(MeetingLocation.ZOOM, " ") is None
