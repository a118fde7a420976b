"""Turns what a caller gave into checked values, and the failures of the checks into `InvalidInput`."""

from collections.abc import Iterator
from contextlib import contextmanager

from email_validator import EmailNotValidError, validate_email
from psycopg.errors import UniqueViolation
from sqlalchemy.exc import IntegrityError

from core.domain.checks import FieldError
from core.errors import Conflict, InvalidInput


@contextmanager
def checked() -> Iterator[None]:
    """Run checks of `core.domain.checks`; their failure is an `InvalidInput` that names the field."""
    try:
        yield
    except FieldError as error:
        raise InvalidInput(error.field, str(error)) from error


@contextmanager
def unique(taken: Conflict) -> Iterator[None]:
    """What somebody else has taken at this very moment, after one had looked, is the conflict *taken* as well."""
    try:
        yield
    except IntegrityError as error:
        if not isinstance(error.orig, UniqueViolation):
            raise
        raise taken from error


def email(field: str, value: str) -> str:
    """A deliverable-looking address in its normal form. Nobody is asked over the network."""
    try:
        # No letters beyond ASCII before the @: most mail servers take none, and a refusal now beats a lost link later.
        # Sandbox, tests and intranets use names such as client@clinic.test, which are special-use and yet fine here.
        return validate_email(
            value.strip(), check_deliverability=False, test_environment=True, allow_smtputf8=False
        ).normalized
    except EmailNotValidError as error:
        raise InvalidInput(field, f"{value!r} is not an e-mail address: {error}") from error
