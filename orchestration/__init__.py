"""Dagster: thin on purpose. Sensors ask and request, ops call use cases of `core` and show what came of it."""
