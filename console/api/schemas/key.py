"""What a key says of itself."""

from pydantic import Field

from console.api.schemas.base import Strict
from core.domain.states import Access


class KeyBody(Strict):
    """The key that asked. *locations* is null where it is for all."""

    name: str = Field(examples=["booking system"])
    access: Access = Field(description="Each includes the ones before it: read, book, admin.")
    locations: list[int] | None = Field(description="Ids of the locations it sees; null: all.", examples=[[1]])
    per_minute: int = Field(description="Requests it may send in any sixty seconds.", examples=[600])
