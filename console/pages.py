"""The pages there are, and what a person has to be allowed in order to see each."""

from dataclasses import dataclass

from core.domain.roles import Permission


@dataclass(frozen=True)
class Page:
    """One page: its file in `app_pages`, its name and mark in the menu, its address, and who sees it."""

    file: str
    title: str
    icon: str
    path: str
    permission: Permission
    practice: bool = False  # there is one in the sandbox only


PAGES = (
    Page("pool", "Pool", "groups", "pool", Permission.SEE_POOL),
    Page("what_if", "What-if", "query_stats", "what_if", Permission.SEE_WHAT_IF),
    Page("appointment", "Appointments", "event", "appointment", Permission.SEE_APPOINTMENTS),
    Page("connections", "Connections", "link", "connections", Permission.SEE_CONNECTIONS),
    Page("calendars", "Calendars", "calendar_month", "calendars", Permission.SEE_CALENDARS),
    Page("locations", "Locations", "storefront", "locations", Permission.SEE_LOCATIONS),
    Page("hooks", "Outgoing webhooks", "webhook", "hooks", Permission.SEE_HOOKS),
    Page("api_keys", "API keys", "key", "api_keys", Permission.SEE_API_KEYS),
    Page("health", "Health", "ecg_heart", "health", Permission.SEE_HEALTH),
    Page("sandbox", "Sandbox", "science", "sandbox", Permission.SEE_SANDBOX, practice=True),
)


def pages_in(mode: str) -> list[Page]:
    """Those that there are in the *mode* `sandbox` or `production`."""
    return [page for page in PAGES if not page.practice or mode == "sandbox"]
