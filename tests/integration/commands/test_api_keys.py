"""`zoompool api-keys`: made, shown once, listed without its secret, and revoked."""

from tests.integration.commands.test_commands import Run, as_json, north, zoompool  # noqa: F401 - fixtures


def test_a_key_is_made_listed_and_revoked(north: Run) -> None:  # noqa: F811
    """The secret is in the first answer alone."""
    made = as_json(north("api-keys", "create", "booking", "-l", "North", "--access", "read", "--json")[1])
    [listed] = as_json(north("api-keys", "list", "--json")[1])

    assert made["key"].startswith(f"zp_{made['public_id']}_")
    assert (listed["name"], listed["access"], listed["locations"]) == ("booking", "read", "North")
    assert made["key"].rsplit("_", 1)[1] not in str(listed)
    assert north("api-keys", "revoke", made["public_id"])[0] == 0
    assert as_json(north("api-keys", "list", "--json")[1])[0]["revoked_at"]


def test_people_read_the_key_on_a_line_of_its_own(north: Run) -> None:  # noqa: F811
    """It can be copied whole."""
    status, printed = north("api-keys", "create", "booking", "--all-locations", "--per-minute", "60")

    assert status == 0
    assert printed.splitlines()[-1].startswith("zp_") and "not shown again" in printed


def test_it_has_to_be_said_what_a_key_sees(north: Run) -> None:  # noqa: F811
    """Neither nothing nor both."""
    assert north("api-keys", "create", "booking")[0] != 0
    assert north("api-keys", "create", "booking", "--all-locations", "-l", "North")[0] != 0


def test_a_second_key_of_a_name_is_refused(north: Run) -> None:  # noqa: F811
    """The timeline knows them by name; a revoked one's name is free again."""
    made = as_json(north("api-keys", "create", "booking", "-l", "North", "--json")[1])
    status, printed = north("api-keys", "create", "booking", "-l", "North")
    assert status == 1 and "already" in printed

    north("api-keys", "revoke", made["public_id"])
    assert north("api-keys", "create", "booking", "-l", "North")[0] == 0


def test_an_unknown_key_cannot_be_revoked(north: Run) -> None:  # noqa: F811
    """The sentence says where they are listed."""
    status, printed = north("api-keys", "revoke", "000000000000")

    assert status == 1 and "zoompool api-keys list" in printed
