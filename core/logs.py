"""Structured logs: one line per fact, with the ids that connect it, and never a secret."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

HIDDEN = "[hidden]"
SECRET_NAMES = re.compile(
    r"token|secret|passw|passcode|start_url|authorization|code_verifier|cookie|pwd", re.IGNORECASE
)
# Values that give themselves away wherever they stand: JWTs, bearer headers, start links, embedded passcodes.
SECRET_VALUES = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?"
    r"|(?<=Bearer )\S+|(?<=Basic )\S+"
    r"|https?://\S+/s/\d+\?\S*zak=\S+"
    r"|(?<=[?&](?:pwd|zak|tok)=)[^\s&\"']+"
    r"|(?<=[?&]code=)[^\s&\"']+"
    r"|(?<=[?&]access_token=)[^\s&\"']+"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)",
    re.IGNORECASE,
)


def hide_secrets(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor that blanks every value that is secret by its name or by its look."""
    return {name: HIDDEN if SECRET_NAMES.search(name) else _hidden(value) for name, value in line.items()}


def _hidden(value: Any) -> Any:
    if isinstance(value, str):
        return SECRET_VALUES.sub(HIDDEN, value)
    if isinstance(value, dict):
        return hide_secrets(None, "", value)
    if isinstance(value, list | tuple):
        return [_hidden(each) for each in value]
    if isinstance(value, BaseException):
        return SECRET_VALUES.sub(HIDDEN, repr(value))
    return value


def configure(log_format: str = "console", level: int = logging.INFO) -> None:
    """Send this process's logs, and those of its libraries, to standard error as *log_format*: `console` or `json`."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    renderer = (
        structlog.processors.JSONRenderer() if log_format == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # says at every look what it would do
