"""Opening links: from a granted lease to a meeting on Zoom and a mail in the outbox."""
