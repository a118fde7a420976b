"""Answers as Zoom would give them."""

import json
from typing import Any

import requests


def answer(status: int, body: Any = None, **headers: str) -> requests.Response:
    """An HTTP answer; *body* is JSON, text as it is, or nothing. Underscores in *headers* stand for hyphens."""
    response = requests.Response()
    response.status_code = status
    text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
    response._content = text.encode()
    response.encoding = "utf-8"
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response


def refusal(status: int, code: int, message: str = "Nein.") -> requests.Response:
    """A refusal in the REST API's shape, with a tracking id."""
    return answer(status, {"code": code, "message": message}, x_zm_trackingid="track-1")
