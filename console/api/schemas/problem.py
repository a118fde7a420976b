"""How every refusal looks."""

from pydantic import BaseModel, ConfigDict, Field


class FieldProblem(BaseModel):
    """One field that cannot be used."""

    field: str = Field(examples=["client_email"])
    message: str = Field(examples=["'nobody' is not an e-mail address."])


class ProblemBody(BaseModel):
    """RFC 9457. *type* is a short stable word for programs, *detail* and *next_step* are for people."""

    model_config = ConfigDict(extra="allow", title="Problem")

    type: str = Field(examples=["stale_state"])
    title: str = Field(examples=["Contradicts what is"])
    status: int = Field(examples=[409])
    detail: str = Field(examples=["Somebody else changed it first."])
    next_step: str = Field(description="What to do about it; empty where nothing helps.")
    id: str = Field(description="Quote it to the operators: it stands in the log.", examples=["0f3c9a1b77de"])
    errors: list[FieldProblem] = Field(description="The fields at fault, if any.")
