"""The web process: pages for people, and routes for Zoom and for programs."""
