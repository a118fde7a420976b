"""The supervisor with small parts: order, health, restarts, and nothing left behind however it ends."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.e2e.leftovers import assert_none_left, marked, new_mark, until

DRIVER = Path(__file__).with_name("supervised.py")
SECONDS = 60.0  # of patience; on a free machine nothing takes more than a few

STEADY = """
echo "up {name}" >> journal; trap 'echo "down {name}" >> journal; exit 0' TERM
echo $$ > {name}.pid; touch {name}.ready; sleep 600 & wait
"""
STUBBORN = "trap '' TERM; touch {name}.ready; sleep 600; sleep 600"
DYING = "echo a reason for {name}; touch {name}.ready; exit 3"
# A child that needs a second to finish its work, and a grandchild that would never end.
WITH_WORKER = """
(sleep 1; echo done > worker.done) & (trap '' TERM; sleep 600) &
echo $$ > {name}.pid; touch {name}.ready; wait
"""

Driver = subprocess.Popen[str]


def _part(name: str, script: str, **more: object) -> dict[str, object]:
    return {"name": name, "command": ["sh", "-c", script.replace("{name}", name)], **more}


class Stage:
    """Starts the driver in a folder of its own; every process it leads to carries one mark."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mark = new_mark()

    def run(
        self, *parts: dict[str, object], wait: bool = True, before: Callable[[], object] | None = None, via: str = ""
    ) -> Driver:
        """The driver over *parts*, ready unless not to *wait*; *via* is a program that starts it as its own child."""
        command = [sys.executable, str(DRIVER), str(self.folder), json.dumps(parts), *(["parent"] if via else [])]
        driver = subprocess.Popen(
            [*([sys.executable, "-c", via] if via else []), *command],
            cwd=self.folder,
            env={**os.environ, **self.mark, "PYTHONPATH": str(Path(__file__).parents[2])},
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=before,
        )
        if wait:
            assert driver.stdout
            self.said = ""
            while "everything is up" not in self.said:
                line = driver.stdout.readline()
                assert line, f"the driver ended: {self.said}"
                self.said += line
        return driver

    def journal(self) -> list[str]:
        """What the parts wrote of their starts and ends."""
        return (self.folder / "journal").read_text().splitlines()

    def process(self, name: str) -> psutil.Process:
        """The process of the part *name*."""
        return psutil.Process(int((self.folder / f"{name}.pid").read_text()))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A stage that fails the test if it leaves a process behind."""
    stage = Stage(tmp_path)
    yield stage
    assert_none_left(stage.mark, 0)


def _end(driver: Driver, order: signal.Signals = signal.SIGTERM) -> str:
    driver.send_signal(order)
    said, _ = driver.communicate(timeout=SECONDS)
    return said


def test_parts_start_in_order_and_stop_in_reverse(stage: Stage) -> None:
    """Each part starts when the one before is ready; the first one, the database, stops last."""
    driver = stage.run(_part("first", STEADY), _part("second", STEADY), _part("third", STEADY))
    said = _end(driver)

    assert stage.journal() == ["up first", "up second", "up third", "down third", "down second", "down first"]
    assert [line.split()[1] for line in stage.said.splitlines()[:3]] == ["first", "second", "third"]
    assert "stopped: SIGTERM" in said
    assert driver.returncode == 0


def test_ctrl_c_stops_everything(stage: Stage) -> None:
    """Ctrl-C in the terminal is a wish like any other."""
    driver = stage.run(_part("first", STEADY), _part("second", STEADY))

    assert "stopped: Ctrl-C" in _end(driver, signal.SIGINT)


def test_a_wish_to_stop_is_heard_while_a_part_is_still_starting(stage: Stage) -> None:
    """Nobody has to wait for a start that they do not want any more."""
    driver = stage.run(_part("first", STEADY), _part("slow", "sleep 600"), wait=False)
    until((stage.folder / "slow.log").exists, SECONDS, "the slow part is being started")

    assert "stopped: SIGTERM" in _end(driver)


def test_children_of_a_background_start_take_ctrl_c_again(stage: Stage) -> None:
    """A script's background job ignores SIGINT; a part that inherited this could ignore its own orderly stop."""
    ignored = "grep SigIgn /proc/$$/status > signals; " + STEADY
    driver = stage.run(_part("first", ignored), before=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    ignored_bits = int((stage.folder / "signals").read_text().split()[1], 16)
    driver.send_signal(signal.SIGINT)
    _end(driver)

    assert not ignored_bits & 1 << signal.SIGINT - 1
    assert stage.journal() == ["up first", "down first"]


def test_a_killed_supervisor_leaves_nothing_behind(stage: Stage) -> None:
    """Kill -9 of the supervisor ends parts, their children, and those who ignore the polite request."""
    parts = [_part("first", STEADY), _part("worker", WITH_WORKER, patience=2), _part("stubborn", STUBBORN, patience=2)]
    driver = stage.run(*parts)
    driver.kill()
    driver.communicate()

    assert_none_left(stage.mark, SECONDS)


def test_the_end_of_the_parent_is_a_wish_to_stop(stage: Stage) -> None:
    """Kill -9 of `make` stops everything in order."""
    starter = "import subprocess, sys; subprocess.run(sys.argv[1:])"
    make = stage.run(_part("first", STEADY), _part("second", STEADY), via=starter)
    make.kill()
    assert_none_left(stage.mark, SECONDS)

    assert stage.journal()[2:] == ["down second", "down first"]
    make.communicate()


def test_a_part_that_dies_is_started_again_with_one_line(stage: Stage) -> None:
    """One death is mended; the others do not notice."""
    driver = stage.run(_part("first", STEADY), _part("second", STEADY))
    stage.process("second").kill()
    until(lambda: stage.journal().count("up second") == 2, SECONDS, "the part is up again")
    said = _end(driver)

    assert said.splitlines()[0].endswith("second died (killed by SIGKILL) and was started again.")
    assert stage.journal().count("up first") == 1
    assert driver.returncode == 0


def test_children_of_a_dead_part_may_finish_and_then_have_to_end(stage: Stage) -> None:
    """The work of a dead part's children is not lost, and a child that never ends is ended."""
    driver = stage.run(_part("worker", WITH_WORKER, patience=3))
    before = {process.pid for process in marked(stage.mark)}
    stage.process("worker").kill()
    until((stage.folder / "worker.done").exists, SECONDS, "the child finished its work")
    until(lambda: len(before & {p.pid for p in marked(stage.mark)}) == 2, SECONDS, "only driver and guard are left")
    _end(driver)


def test_three_deaths_within_a_minute_stop_everything(stage: Stage) -> None:
    """What cannot live is not started for ever: the reason and the end of its log are said."""
    driver = stage.run(_part("first", STEADY), _part("dying", DYING), wait=False)
    said, _ = driver.communicate(timeout=SECONDS)

    assert driver.returncode == 1
    assert "dying died 3 times within a minute, at last with exit code 3." in said
    assert said.rstrip().endswith("a reason for dying")
    assert said.count("was started again") == 2
    assert stage.journal() == ["up first", "down first"]


def test_a_part_that_is_never_ready_stops_everything(stage: Stage) -> None:
    """A start that hangs is an error with a reason."""
    hanging = _part("hanging", "echo waiting for Godot; sleep 600", start_patience=1)
    driver = stage.run(_part("first", STEADY), hanging, wait=False)
    said, _ = driver.communicate(timeout=SECONDS)

    assert driver.returncode == 1
    assert "hanging was not ready within 1 s." in said
    assert "waiting for Godot" in said


def test_a_part_that_cannot_be_started_is_named(stage: Stage) -> None:
    """A missing program is a sentence, not a traceback."""
    driver = stage.run({"name": "missing", "command": ["/no/such/program"]}, wait=False)
    said, _ = driver.communicate(timeout=SECONDS)

    assert driver.returncode == 1
    assert "missing cannot be started" in said


def test_a_part_that_does_not_want_to_stop_is_ended_with_its_children(stage: Stage) -> None:
    """Patience has an end."""
    driver = stage.run(_part("first", STEADY), _part("stubborn", STUBBORN, patience=0.5))
    _end(driver)

    assert stage.journal() == ["up first", "down first"]


def test_a_second_ctrl_c_takes_the_patience_away(stage: Stage) -> None:
    """Who asks twice is in a hurry."""
    driver = stage.run(_part("first", STEADY), _part("stubborn", STUBBORN, patience=600))
    driver.send_signal(signal.SIGINT)
    assert driver.stdout
    assert "Stopping (Ctrl-C)" in driver.stdout.readline()
    _end(driver, signal.SIGINT)

    assert stage.journal() == ["up first", "down first"]


def test_stopping_goes_on_when_nobody_reads_any_more(stage: Stage) -> None:
    """A closed terminal or pipe does not keep the parts alive."""
    driver = stage.run(_part("first", STEADY), _part("second", STEADY))
    assert driver.stdout
    driver.stdout.close()
    stage.process("second").kill()  # makes it speak
    until(lambda: stage.journal().count("up second") == 2, SECONDS, "the part is up again")
    driver.terminate()
    driver.wait(SECONDS)

    assert stage.journal()[-2:] == ["down second", "down first"]


def test_a_log_that_has_grown_large_makes_room_at_a_start(stage: Stage) -> None:
    """Logs do not fill the disk from one start to the next."""
    (stage.folder / "first.log").write_bytes(b"x" * 10_000_001)
    driver = stage.run(_part("first", "echo anew; " + STEADY))
    _end(driver)

    assert (stage.folder / "first.log").read_text() == "anew\n"
    assert (stage.folder / "first.old.log").stat().st_size == 10_000_001
