"""Dagster's own storage, for sensors that ask what runs."""

from functools import lru_cache

import dagster as dg
from dagster._core.instance.ref import InstanceRef


def instance_of(context: dg.SensorEvaluationContext) -> dg.DagsterInstance:
    """The instance that *context* belongs to, kept for the next evaluation.

    The context itself builds a new one each time, which takes six connections to the database and most of a tick.
    """
    if context.instance_ref is None:  # lives in memory, in a test
        return context.instance
    return _built(dg.serialize_value(context.instance_ref))


@lru_cache(maxsize=1)
def _built(ref: str) -> dg.DagsterInstance:
    return dg.DagsterInstance.from_ref(dg.deserialize_value(ref, InstanceRef))
