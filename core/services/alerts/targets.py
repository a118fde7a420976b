"""Where alerts go: a mailbox, a chat, a pager; whatever apprise has a URL for."""

import logging
import re
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Lock

from core.domain.alerts import CALM
from core.settings import Settings

# What apprise says of a refusal can hold an address or a token; the number of an HTTP or SMTP answer cannot.
ANSWER = re.compile(r"\berror[=: ]+(\d{3})\b")
_one_at_a_time = Lock()  # its log is read while it sends, and is one for all threads


@dataclass(frozen=True)
class Answer:
    """Whether a target took the alert, and what to record of that; it holds no secret."""

    accepted: bool
    words: str


@dataclass(frozen=True)
class Target:
    """One of ALERT_URLS. The URL holds passwords and tokens, so nothing shows it."""

    url: str = field(repr=False)

    @property
    def key(self) -> str:
        """Tells this target from others where what it has accepted is remembered."""
        return sha256(self.url.encode()).hexdigest()[:12]

    @property
    def name(self) -> str:
        """What sort of target it is: the scheme of its URL."""
        scheme = self.url.partition("://")[0]
        return scheme if scheme.isalnum() else "target"

    def tell(self, title: str, body: str, *, kind: str | None, over: bool) -> Answer:
        """Hand over one alert; whatever goes wrong is an answer too."""
        import apprise  # slow to import, and few processes ever send

        with _one_at_a_time:
            logger = logging.getLogger("apprise")
            logger.propagate = False  # its lines name addresses
            asset = apprise.AppriseAsset(app_id="QuantixOne Zoom pool", async_mode=False, secure_logging=True)
            with apprise.LogCapture(level=logging.WARNING) as said:  # type: ignore[no-untyped-call]
                try:
                    plugin = apprise.Apprise.instantiate(self.url, asset=asset)
                    if not isinstance(plugin, apprise.NotifyBase):
                        return Answer(False, f"{self.name}: not an address that apprise understands")
                    urgency, text = _urgency(kind, over=over), apprise.NotifyFormat.TEXT
                    accepted = plugin.notify(title=title, body=body, notify_type=urgency, body_format=text)
                except Exception as error:  # noqa: BLE001 - hundreds of plugins; none may keep the others from telling
                    return Answer(False, f"{self.name}: not accepted ({type(error).__name__})")
                numbers = ANSWER.findall(said.getvalue())
        if accepted:
            return Answer(True, f"{self.name}: accepted")
        return Answer(False, f"{self.name}: not accepted" + (f" ({numbers[-1]})" if numbers else ""))


def targets_of(settings: Settings) -> list[Target]:
    """The targets that are set, each once."""
    return [Target(url) for url in dict.fromkeys(settings.alert_targets)]


def _urgency(kind: str | None, *, over: bool) -> str:
    if over:
        return "success"
    if kind is None:
        return "info"
    return "warning" if kind in CALM else "failure"
