"""Comparing with Zoom: look at every account's meetings, say what stands out, and heal what can be healed."""
