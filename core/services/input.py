"""Turns what a caller gave into checked values, and the failures of the checks into `InvalidInput`."""

from collections.abc import Iterator
from contextlib import contextmanager

from email_validator import EmailNotValidError, validate_email

from core.domain.checks import FieldError
from core.errors import InvalidInput


@contextmanager
def checked() -> Iterator[None]:
    """Run checks of `core.domain.checks`; their failure is an `InvalidInput` that names the field."""
    try:
        yield
    except FieldError as error:
        raise InvalidInput(error.field, str(error)) from error


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
