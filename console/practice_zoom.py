"""The practice Zoom's control commands, as the page Sandbox gives them: over HTTP, like all that we ask of it."""

from typing import Any

import requests

from core.errors import Conflict
from core.settings import Settings

PATIENCE = 10  # seconds
JSON = dict[str, Any]


class PracticeZoom:
    """One practice Zoom. A command that cannot be obeyed raises `Conflict` with its own sentence."""

    def __init__(self, settings: Settings) -> None:
        self._url = f"{settings.api_url.removesuffix('/v2')}/sandbox"

    def users(self) -> list[str]:
        """The addresses of all its users."""
        return sorted(user["email"] for user in self._ask("GET", "/users"))

    def meetings(self) -> list[JSON]:
        """Those that are still there, the newest first."""
        return [each for each in self._ask("GET", "/meetings") if each["state"] != "deleted"][::-1]

    def act(self, meeting_id: int, action: str, **values: Any) -> None:
        """Do in a meeting what people would: join, leave, end, delete, finish-recording ..."""
        self._ask("POST", f"/meetings/{meeting_id}/{action}", values)

    def use_by_hand(self, email: str) -> None:
        """A user makes a meeting of his own, without us, and goes in."""
        self._ask("POST", f"/users/{email}/use-by-hand", {"topic": "Staff meeting"})

    def misbehave(self, match: JSON, effect: JSON, times: int | None) -> None:
        """Answer the next calls that match like this; all of them without *times*."""
        self._ask("POST", "/faults", {"match": match, "effect": effect, "times": times})

    def mislead(self, rule: JSON, times: int | None) -> None:
        """Do this to the next webhooks; to all of them without *times*."""
        self._ask("POST", "/webhooks/rules", {**rule, "times": times})

    def misbehaviour(self) -> tuple[list[JSON], list[JSON]]:
        """The faults and the rules for webhooks that are set."""
        return self._ask("GET", "/faults"), self._ask("GET", "/webhooks/rules")

    def behave(self) -> None:
        """Forget faults and rules, and let go what was held back."""
        self._ask("DELETE", "/faults")
        self._ask("DELETE", "/webhooks/rules")
        self._ask("POST", "/webhooks/release")

    def webhooks(self) -> dict[str, int]:
        """How many are pending, held, delivered, failed and lost."""
        return dict(self._ask("GET", "/webhooks/count"))

    def clock(self) -> tuple[str, float]:
        """What time it is there, and by how many seconds that is ahead of ours."""
        config = self._ask("GET", "/config")
        return str(config["now"]), float(config["clock_offset_seconds"])

    def set_clock(self, ahead: float) -> None:
        """Put its clock that many seconds ahead of ours, and do what is due by then."""
        self._ask("PATCH", "/config", {"clock_offset_seconds": ahead})
        self._ask("POST", "/tick")

    def _ask(self, method: str, path: str, body: JSON | None = None) -> Any:
        try:
            answer = requests.request(method, f"{self._url}{path}", json=body, timeout=PATIENCE)
            told = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise Conflict(
                "The practice Zoom does not answer.", next_step="Start it with `make up`, then try again."
            ) from error
        if not answer.ok:
            raise Conflict(f"The practice Zoom refuses: {told.get('error', answer.status_code)}.", next_step="")
        return told
