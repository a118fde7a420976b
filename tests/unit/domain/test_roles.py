"""Who may do what, in the cases that people ask about first."""

import pytest

from core.domain.roles import MAY, Permission, Role, confined, may, role_of


def test_everybody_sees_a_page_and_an_admin_may_everything() -> None:
    """A role that opened nothing would be a mistake of ours."""
    assert set(MAY) == set(Role)
    assert MAY[Role.ADMIN] == set(Permission)
    assert all(may(role, Permission.SEE_APPOINTMENTS) for role in Role)


@pytest.mark.parametrize("permission", Permission)
def test_nobody_without_a_role_may_anything(permission: Permission) -> None:
    """Signed in is not let in."""
    assert not may(None, permission)


def test_support_may_what_hosts_may_and_everywhere() -> None:
    """Whoever helps a host can do what the host does."""
    assert MAY[Role.SUPPORT] > MAY[Role.HOST]
    assert confined(Role.HOST) and confined(None)
    assert not any(confined(role) for role in Role if role != Role.HOST)


@pytest.mark.parametrize("permission", [Permission.MOVE, Permission.PAUSE, Permission.FREE, Permission.QUARANTINE])
def test_the_pool_is_in_the_hands_of_operations(permission: Permission) -> None:
    """Of nobody else but admins."""
    assert {role for role in Role if may(role, permission)} == {Role.OPERATIONS, Role.ADMIN}


@pytest.mark.parametrize(
    ("claim", "role"),
    [
        ("support", Role.SUPPORT),
        (["desk", "unknown"], Role.HOST),
        (["host", "admin"], Role.ADMIN),
        (["Admin"], None),
        ("", None),
        (None, None),
        ({"admin": True}, None),
        ([["admin"], 7], None),
    ],
)
def test_a_claim_gives_the_role_it_names_and_else_none(claim: object, role: Role | None) -> None:
    """What is not known is nothing, whatever its shape; of several roles the highest counts."""
    assert role_of(claim, {"desk": Role.HOST}) == role
