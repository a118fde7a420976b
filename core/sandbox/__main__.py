"""`python -m core.sandbox`: start the practice Zoom."""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
import sys

from core.sandbox.config import RATE_LIMITS, Config, Options
from core.sandbox.server import bound, serve


def main() -> int:
    """Read the command line and serve. Returns 2, after one line that says why, when it cannot start."""
    arguments = _parser().parse_args()
    try:
        http, smtp = bound(arguments.host, arguments.port), bound(arguments.host, arguments.smtp_port)
    except OSError as error:
        ports = f"{arguments.port} or {arguments.smtp_port}"
        print(f"sandbox: cannot listen on port {ports}: {error.strerror}. Choose another port.", file=sys.stderr)
        return 2
    options = Options(
        client_id=arguments.client_id,
        client_secret=arguments.client_secret,
        public_url=(arguments.public_url or f"http://{arguments.host}:{http.getsockname()[1]}").rstrip("/"),
        redirect_uris=tuple(arguments.redirect_uri),
    )
    config = Config(
        latency_ms=arguments.latency_ms,
        rate_limits=RATE_LIMITS[arguments.plan],
        webhook_url=arguments.webhook_url,
        webhook_secret=arguments.webhook_secret,
        processing_seconds=arguments.processing_seconds,
        autopilot=arguments.autopilot,
        autopilot_no_show_every=arguments.no_show_every,
    )
    try:
        # After a graceful end uvicorn raises the signal anew, which for Ctrl-C arrives here.
        with contextlib.suppress(KeyboardInterrupt):
            serve(options, config, arguments.state, http, smtp)
    except sqlite3.Error as error:
        print(f"sandbox: cannot use {arguments.state}: {error}. Give a writable file.", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m core.sandbox", description="A practice Zoom and mailbox.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8600, help="HTTP; 0 takes a free one")
    parser.add_argument("--smtp-port", type=int, default=8625, help="practice mailbox; 0 takes a free one")
    parser.add_argument("--state", default=":memory:", metavar="FILE", help="where it remembers, or :memory:")
    parser.add_argument("--latency-ms", type=float, default=0, help="added to each call on Zoom's wire")
    parser.add_argument("--plan", choices=sorted(RATE_LIMITS), default="business", help="whose rate limits apply")
    parser.add_argument("--client-id", default="sandbox-client")
    parser.add_argument("--client-secret", default="sandbox-client-secret")
    parser.add_argument("--public-url", help="how browsers reach it; default http://HOST:PORT")
    parser.add_argument(
        "--redirect-uri", action="append", default=[], help="allowed exactly; repeatable; default: any on this machine"
    )
    parser.add_argument("--webhook-url", default="", help="where signed events go; default: nowhere")
    parser.add_argument("--webhook-secret", default="", help="the secret token that events are signed with")
    parser.add_argument(
        "--processing-seconds", type=float, default=0, help="from a meeting's end to its recording; 0: by command only"
    )
    parser.add_argument(
        "--autopilot", action="store_true", help="guests join each meeting at its start, and leave after a minute"
    )
    parser.add_argument(
        "--no-show-every", type=int, default=0, metavar="N", help="to every Nth meeting nobody comes; 0: to none"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
