"""What the key that asks is and may do: the first thing to try."""

from fastapi import APIRouter

from console.api.caller import Reads
from console.api.schemas.key import KeyBody

router = APIRouter(tags=["Key"])


@router.get("/key")
def get_key(caller: Reads) -> KeyBody:
    """What this key is and may do."""
    locations = None if caller.locations is None else sorted(caller.locations)
    return KeyBody(name=caller.name, access=caller.access, locations=locations, per_minute=caller.per_minute)
