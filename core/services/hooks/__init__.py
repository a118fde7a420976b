"""Outgoing webhooks: who is told, how they leave, and what became of them."""
