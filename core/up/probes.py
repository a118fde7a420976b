"""Questions that tell whether a part works."""

import http.client
import json
import socket
from collections.abc import Callable
from typing import Any

HOST = "127.0.0.1"
TIMEOUT = 5.0  # seconds


def accepts_connections(port: int) -> Callable[[], bool]:
    """Whether somebody listens on *port* of this machine."""

    def ready() -> bool:
        try:
            socket.create_connection((HOST, port), timeout=TIMEOUT).close()
        except OSError:
            return False
        return True

    return ready


def http_ok(port: int, path: str) -> Callable[[], bool]:
    """Whether *path* answers with 200. Asked straight: a proxy in the environment is not for this machine."""
    return lambda: _ask(port, "GET", path) is not None


def daemon_beats(webserver_port: int, since: float) -> Callable[[], bool]:
    """Whether every Dagster daemon has written a heartbeat after *since* (Unix seconds).

    Dagster's own `healthy` stays true for half an hour after the last heartbeat, so the times are read instead.
    """
    query = {"query": "{instance{daemonHealth{allDaemonStatuses{required lastHeartbeatTime}}}}"}

    def ready() -> bool:
        answer = _ask(webserver_port, "POST", "/graphql", query)
        try:
            statuses = answer["data"]["instance"]["daemonHealth"]["allDaemonStatuses"]
        except (TypeError, KeyError):
            return False
        return all((status["lastHeartbeatTime"] or 0) >= since for status in statuses if status["required"])

    return ready


def _ask(port: int, method: str, path: str, body: object = None) -> Any:
    """The JSON answer, True for any other answer with 200, None for every failure."""
    connection = http.client.HTTPConnection(HOST, port, timeout=TIMEOUT)
    try:
        connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
        response = connection.getresponse()
        content = response.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    if response.status != 200:
        return None
    try:
        return json.loads(content)
    except ValueError:
        return True
