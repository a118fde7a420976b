"""`zoompool up`: everything on one machine, in one terminal."""

from core.up.run import run_up

__all__ = ["run_up"]
