"""Runs the parts described on the command line under a real supervisor: `python supervised.py FOLDER JSON [parent]`."""

import json
import sys
from pathlib import Path

from core.up.part import Part
from core.up.report import Report
from core.up.supervisor import PartFailed, StopRequested, Supervisor


def main(folder: Path, descriptions: list[dict[str, object]], *, stop_with_parent: bool) -> int:
    """Start each part when the file it makes shows that the one before is ready, then watch."""
    report = Report()
    try:
        with Supervisor(report, stop_with_parent=stop_with_parent) as supervisor:
            for description in descriptions:
                name = str(description.pop("name"))
                supervisor.start(
                    Part(name, ready=(folder / f"{name}.ready").exists, log=folder / f"{name}.log", **description)  # type: ignore[arg-type]
                )
            report.line("everything is up")
            supervisor.watch()
    except StopRequested as wish:
        report.line(f"stopped: {wish}")
        return 0
    except PartFailed as failure:
        report.fail(str(failure))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), json.loads(sys.argv[2]), stop_with_parent="parent" in sys.argv[3:]))
