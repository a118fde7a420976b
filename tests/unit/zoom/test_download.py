"""Who is shown the token when a recording's file is fetched: Zoom, and nobody whom an address merely names."""

from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter

from core.settings import Settings
from core.zoom.client import Credentials, ZoomClient
from tests.unit.zoom.answers import answer


class Everywhere(BaseAdapter):
    """Every server there is: one sends on to *storage*, the others give the file. Remembers who saw a token."""

    def __init__(self, storage: str | None) -> None:
        super().__init__()
        self.storage, self.shown = storage, {}  # type: ignore[var-annotated]

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        self.shown[request.url] = request.headers.get("Authorization")
        first = len(self.shown) == 1
        sent_on = self.storage is not None and first
        response = answer(302, Location=self.storage) if sent_on else answer(200, "file", Content_Type="video/mp4")
        response.request, response.url = request, str(request.url)
        return response

    def close(self) -> None:
        """Nothing is open."""


def shown_to(url: str, *, storage: str | None = None) -> dict[str, str | None]:
    """Who was asked for the file at *url*, and what he was shown."""
    everywhere, session = Everywhere(storage), requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, everywhere)
    settings = Settings(_env_file=None, zoom_api_url="https://api.zoom.us/v2")
    client = ZoomClient(settings, limiter=None, session=session)  # type: ignore[arg-type]
    client.download(Credentials("account", "secret"), url)
    return everywhere.shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://us02web.zoom.us/rec/download/a", "Bearer secret"),
        ("https://zoom.us/rec/download/a", "Bearer secret"),
        ("http://us02web.zoom.us/rec/download/a", None),
        ("https://zoom.us.example/rec/download/a", None),
        ("https://notzoom.us/rec/download/a", None),
    ],
)
def test_only_zoom_sees_the_token(url: str, shown: str | None) -> None:
    """Over an encrypted line, and whatever address stood in the answer."""
    assert shown_to(url) == {url: shown}


@pytest.mark.parametrize("storage", ["https://bucket.example/a?signature=s", "http://us02web.zoom.us/a"])
def test_who_zoom_sends_us_on_to_does_not_see_it(storage: str) -> None:
    """Its address carries a signature; nor does Zoom itself where the line is not encrypted any more."""
    first = "https://us02web.zoom.us/rec/download/a"
    assert shown_to(first, storage=storage) == {first: "Bearer secret", storage: None}
