"""The whole examination: part after part, whatever the part before was like."""

from collections.abc import Callable, Iterator
from datetime import datetime

from core.services.doctor.check import Check, Examination, examined
from core.services.doctor.database import examine_database, examine_disk
from core.services.doctor.outside import (
    examine_console,
    examine_mail,
    examine_oauth,
    examine_webhooks,
    examine_zoom,
)
from core.services.doctor.product import examine_accounts, examine_settings, examine_state
from core.services.doctor.scheduler import examine_dagster, examine_ports
from core.services.doctor.sign_in import examine_sign_in
from core.wiring import Wiring


def examine(parts: Wiring, *, clock: Callable[[], datetime], accounts: bool = False) -> Iterator[Check]:
    """Look at every part; lines come as they are found. *accounts*: ask Zoom about each account too."""
    settings = parts.settings
    examinations: list[tuple[str, Examination]] = [
        ("settings", lambda: examine_settings(settings)),
        ("database", lambda: examine_database(parts, clock)),
        ("disk", lambda: examine_disk(settings.state_dir)),
        ("Dagster database", lambda: examine_dagster(parts, clock)),
        ("code server", lambda: examine_ports(settings)),
        ("console", lambda: examine_console(settings)),
        ("webhook endpoint", lambda: examine_webhooks(settings, clock)),
        ("sign-in", lambda: examine_sign_in(settings)),
        ("Zoom API", lambda: examine_zoom(settings, clock)),
        ("Zoom OAuth", lambda: examine_oauth(parts)),
        ("mail server", lambda: examine_mail(parts)),
        ("state", lambda: examine_state(parts, clock)),
        ("accounts", lambda: examine_accounts(parts, clock, each=accounts)),
    ]
    for part, examination in examinations:
        yield from examined(part, examination)
