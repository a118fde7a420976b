"""Zoom as we use it: the REST client, OAuth, its limits and its errors."""
