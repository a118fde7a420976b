"""Lists of seats as people and Excel write them."""

import pytest

from core.domain.checks import FieldError
from core.domain.seat_list import MOST_BYTES, MOST_LINES, Line, SeatList, read_seat_list

ONE = [Line(2, "a@clinic.test", "North")]


def read(text: str | bytes, *, location_needed: bool = True) -> SeatList:
    """What is read of it."""
    data = text.encode() if isinstance(text, str) else text
    return read_seat_list(data, location_needed=location_needed)


@pytest.mark.parametrize(
    "text",
    [
        "email,location\na@clinic.test,North\n",
        "email,location\r\na@clinic.test,North\r\n",
        "email,location\ra@clinic.test,North\r",
        "\ufeffemail;location\r\na@clinic.test;North\r\n;\r\n",
        "Location\tE-Mail\nNorth\ta@clinic.test",
        ' Email ,"Location",Note,\n"a@clinic.test",\xa0North\xa0,"a, b",\n,,,\n\n',
        "email,location\na@clinic.test,North\n".encode("utf-16"),
        "email\tlocation\r\na@clinic.test\tNorth\r\n".encode("utf-16"),
    ],
)
def test_every_manner_of_writing_it_says_the_same(text: str | bytes) -> None:
    """Separators, marks at the beginning, ends of lines, empty lines and columns."""
    assert read(text) == SeatList(ONE, [])


def test_numbers_are_those_of_the_file_as_it_is_opened() -> None:
    """Empty lines, a first line `sep=;` and values over two lines count."""
    text = 'sep=;\nemail;location\n\na@clinic.test;North\n"two\nlines";North\nb@clinic.test;North\n'

    assert [line.number for line in read(text).lines] == [4, 5, 7]


def test_a_line_that_lacks_columns_has_them_empty() -> None:
    """What is missing is told by whoever needs it."""
    assert read("email,location\na@clinic.test\n").lines == [Line(2, "a@clinic.test", "")]


def test_the_location_may_be_left_out_where_it_is_known() -> None:
    """The list is imported for one location then."""
    assert read("email\na@clinic.test\n", location_needed=False).lines == [Line(2, "a@clinic.test", "")]


def test_a_quote_that_is_not_closed_is_the_line_it_begins_in() -> None:
    """What comes after it cannot be told apart."""
    found = read('email,location\na@clinic.test,North\n"b@clinic.test,North\nc@clinic.test,North\n')

    assert found.lines == ONE
    assert [each.number for each in found.bad] == [3]


def test_a_value_that_nothing_can_be_is_a_bad_line() -> None:
    """It is not repeated."""
    found = read(f"email,location\n{'a' * 400},North\n")

    assert [(each.number, "400" in each.message) for each in found.bad] == [(2, False)]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"a@clinic.test,North\n", "no column email"),
        (b"email\na@clinic.test\n", "no column location"),
        (b'"email,location\n', "cannot be read"),
        (b"email,location\na@clinic.test,B\xfcro\n", "not UTF-8 \\(line 2\\)"),
        (b"PK\x03\x04\x14\x00\x06\x00", "no column email"),
        (b"\xff\xfea", "not UTF-8"),
        (b"email,location\n" + b" " * MOST_BYTES, "larger than"),
        (b"email,location\n" + b"a,b\n" * (MOST_LINES + 1), "more than 10,000 lines"),
    ],
)
def test_what_is_no_list_is_refused_as_a_whole(data: bytes, says: str) -> None:
    """With a sentence that says what it should be."""
    with pytest.raises(FieldError, match=says):
        read(data)
