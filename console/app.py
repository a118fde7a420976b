"""The web process: the pages, and the routes for Zoom and for programs. Start it with `python -m console.app`."""

import gc
import importlib
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st
import streamlit.config

from console.routes import MIDDLEWARE, ROUTES
from console.sign_in import secrets
from console.trouble import show_unexpected
from console.watchdog import watching
from core import logs
from core.errors import ConfigurationError
from core.settings import LOOPBACK, Settings
from core.settings_reading import read_settings

# With Streamlit's own defaults twenty open pages delay a webhook's answer by seconds, and Zoom allows three.
FAST = {"server.fileWatcherType": "none", "runner.postScriptGC": False}
# Others open a door beside ours: pages of other sites, programs without a sign-in, headers that say who somebody is.
SHUT = {
    "server.enableCORS": True,
    "server.enableXsrfProtection": True,
    "server.enableAgentApi": False,
    "server.trustedUserHeaders": {},
}
REQUIRED = FAST | SHUT


def check_options() -> None:
    """Refuse to run with options that would make other answers wait, or let somebody in past the sign-in.

    Raises:
        ConfigurationError: one of them was overridden.
    """
    for name, wanted in REQUIRED.items():
        found = streamlit.config.get_option(name)
        if found != wanted:
            raise ConfigurationError(
                f"Streamlit's option {name} is {found!r}; the console needs {wanted!r}.",
                next_step="Remove it from your own Streamlit config.toml.",
            )


def options(settings: Settings) -> dict[str, object]:
    """What Streamlit has to know of our settings; the look is in `.streamlit/config.toml` beside this file."""
    # The settings allow no other address than this machine's while nobody signs in. A page elsewhere, whose name was
    # made to lead here, would still come from this machine's browser: it is known by the name it asks for.
    names = [] if settings.signs_in else [*LOOPBACK, urlsplit(settings.base_url).hostname]
    address = {"server.port": settings.console_port, "server.address": settings.console_host}
    return {**address, "server.allowedHosts": names, **FAST}


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Before the first visit: check the options that are in force, and import what every page needs."""
    check_options()
    for charts in ("console.pool_now", "console.pool_ahead", "console.pool_history"):
        importlib.import_module(charts)
    # What lives as long as the process need not be looked through again at each collection.
    gc.collect()
    gc.freeze()
    async with watching():
        yield


def main() -> None:
    """Serve until told to stop; a setting at fault is one line and exit status 2."""
    try:
        settings = read_settings()
        logs.configure(settings.log_format)
        if settings.session_secret is not None:
            # Not only of the sign-in's cookies: one that is under way has to outlive a restart, too.
            os.environ["STREAMLIT_SERVER_COOKIE_SECRET"] = settings.session_secret.get_secret_value()
        app = st.App(
            Path(__file__).with_name("ui.py"),
            lifespan=lifespan,
            routes=ROUTES,
            middleware=MIDDLEWARE,
            secrets=secrets(settings),
            on_script_error=show_unexpected,
        )
        app.run(config=options(settings))
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from error


if __name__ == "__main__":
    main()
