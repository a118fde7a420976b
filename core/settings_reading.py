"""Reads the settings and says in sentences what is wrong with them."""

from collections.abc import Iterator
from pathlib import Path

from dotenv.parser import parse_stream
from pydantic import ValidationError

from core.errors import ConfigurationError
from core.settings import Settings, get_settings


def read_settings() -> Settings:
    """The settings, with everything that is wrong with them as lines of one ConfigurationError."""
    try:
        _check_dotenv(Path(".env"))
        return get_settings()
    except ValidationError as error:
        raise ConfigurationError("\n".join(_in_words(error)), next_step="") from error
    except (UnicodeDecodeError, OSError) as error:
        raise ConfigurationError(f".env cannot be read: {error}.", next_step="Write it anew as UTF-8 text.") from error


def _in_words(error: ValidationError) -> Iterator[str]:
    for problem in error.errors():
        name = ".".join(map(str, problem["loc"])).upper()
        message = problem["msg"].removeprefix("Value error, ")
        # The value itself is not shown: it may be a secret in the wrong place.
        yield f"{name}: {message}. Correct it in the environment or in .env." if name else message


def _check_dotenv(path: Path) -> None:
    """python-dotenv skips what it does not understand; a setting that is silently not set is worse than a refusal."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8") as lines:
        broken = [binding.original.line for binding in parse_stream(lines) if binding.error]
    if broken:
        numbers = ", ".join(map(str, broken))
        raise ConfigurationError(f".env cannot be understood in line {numbers}.", next_step="Write NAME=value there.")
