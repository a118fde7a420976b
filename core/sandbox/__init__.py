"""A practice Zoom: OAuth, users, meetings and a mailbox over real HTTP and SMTP, with faults on command.

It runs as a process of its own (`python -m core.sandbox`) and speaks Zoom's wire format, so that the production
client is only pointed at another base URL. It knows nothing of this product's tables.
"""
