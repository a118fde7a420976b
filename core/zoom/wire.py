"""Sending a request to Zoom: one pool of connections, explicit time-outs, and what it means when nobody answers."""

import os
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.utils import get_environ_proxies
from urllib3.exceptions import MaxRetryError

from core.errors import ZoomUnavailable

CONNECT_SECONDS = 3
READ_SECONDS = 10
TRACKING_HEADER = "x-zm-trackingid"


class Bearer(AuthBase):
    """The `Authorization` header as an auth object: a plain header would be replaced by a matching ~/.netrc entry."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def open_session(base_url: str, *, connections: int) -> requests.Session:
    """A session that keeps up to *connections* open to *base_url* and may be shared by as many threads.

    It repeats nothing by itself (a POST sent twice is two meetings) and keeps no cookies, because the calls of many
    Zoom users go through it.
    """
    session = requests.Session()
    adapter = HTTPAdapter(pool_connections=2, pool_maxsize=connections, pool_block=True, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # The environment's proxy and certificates are read here, once: requests would search for them on every call.
    session.proxies.update(get_environ_proxies(base_url))
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
    session.trust_env = False
    return session


def send(session: requests.Session, method: str, url: str, *, changes: bool, **request: Any) -> requests.Response:
    """Send one request and give back whatever answer came.

    *changes* says that it alters something on Zoom, so that without an answer it may have taken effect.

    Raises:
        ZoomUnavailable: no answer; `maybe_done` is False where the request cannot have left this machine.
    """
    timeout = (CONNECT_SECONDS, READ_SECONDS)
    try:
        return session.request(method, url, timeout=timeout, allow_redirects=False, **request)
    except requests.RequestException as error:
        happened = "did not answer in time" if isinstance(error, requests.Timeout) else "broke the connection off"
        if never_sent(error):
            happened = "could not be reached"
        raise ZoomUnavailable(
            f"Zoom {happened}.",
            next_step="It is tried again by itself.",
            maybe_done=changes and not never_sent(error),
        ) from error


def never_sent(error: requests.RequestException) -> bool:
    """Whether the connection failed before a byte of the request left (refused, no route, no name, TLS)."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    # With no retries urllib3 wraps only failures to connect in MaxRetryError; what fails after sending comes bare.
    return isinstance(error, requests.ConnectionError) and bool(error.args) and isinstance(error.args[0], MaxRetryError)
