"""How the end of a connect travels from the callback to the page.

The address says only *that* it was refused; the sentence is in a short-lived cookie that scripts cannot read, so that
nobody can make the page say something by handing out an address.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.responses import RedirectResponse

COOKIE = "connect_result"
SECONDS = 120
PAGE = "/connections"


def page_of(location: str) -> str:
    """The page as it shows one location."""
    return f"{PAGE}?{urlencode({'seats_of': location})}"


def connected(email: str, page: str = PAGE) -> RedirectResponse:
    """To the page that says *email* is connected; it looks that up and believes no address."""
    return RedirectResponse(f"{page}{'&' if '?' in page else '?'}{urlencode({'connected': email})}", status_code=303)


def refused(reason: str, message: str, next_step: str, *, reference: str, secure: bool) -> RedirectResponse:
    """To the page that says why nothing was connected; *reference* finds it in the log."""
    answer = RedirectResponse(f"{PAGE}?{urlencode({'refused': reason})}", status_code=303)
    told = json.dumps({"reason": reason, "message": message, "next_step": next_step, "reference": reference}).encode()
    value = base64.urlsafe_b64encode(told).decode()
    answer.set_cookie(COOKIE, value, max_age=SECONDS, httponly=True, samesite="lax", secure=secure, path="/")
    return answer


def read_refusal(reason: str, cookies: Mapping[str, str]) -> tuple[str, str, str]:
    """The message, next step and reference for *reason*; a general sentence if the cookie is gone or about another
    one."""
    try:
        told = json.loads(base64.urlsafe_b64decode(cookies.get(COOKIE, "").strip('"')))
        if told["reason"] == reason:
            return str(told["message"]), str(told["next_step"]), str(told["reference"])
    except (binascii.Error, ValueError, KeyError, TypeError):
        pass
    return "The last connect was refused.", "Press Connect to try again; the reason will be shown here.", ""
