"""Watches from outside Dagster whether the product does its work at all, and tells people when it does not."""
