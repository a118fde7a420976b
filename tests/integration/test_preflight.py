"""What is in the way of a start is said in one line, with the way to mend it."""

import fcntl
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import ConfigurationError
from core.settings import Settings, get_settings
from core.settings_reading import read_settings
from core.up.preflight import check_ports, only_one

NO_PROCESS = 2**22 + 1  # above the highest process id of Linux


@pytest.fixture
def free_ports() -> dict[str, int]:
    """A free port for each setting that names one."""
    names = ["console_port", "dagster_port", "dagster_grpc_port", "sandbox_port", "sandbox_smtp_port"]
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in names]
    ports = [taken.getsockname()[1] for taken in sockets]
    for taken in sockets:
        taken.close()
    return dict(zip(names, ports, strict=True))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working directory of its own, with settings read anew."""
    monkeypatch.chdir(tmp_path)
    get_settings.cache_clear()
    yield tmp_path
    get_settings.cache_clear()


def test_free_ports_are_no_reason_to_refuse(free_ports: dict[str, int]) -> None:
    """Nothing is said where nothing is wrong."""
    check_ports(Settings.model_validate(free_ports))


def test_a_port_in_use_is_named_with_its_user_and_its_setting(free_ports: dict[str, int]) -> None:
    """Somebody who reads the line knows what to stop, or what to set."""
    taken = socket.create_server(("127.0.0.1", free_ports["console_port"]))
    with taken, pytest.raises(ConfigurationError) as caught:
        check_ports(Settings.model_validate(free_ports))

    said = str(caught.value)
    assert said.startswith(f"Port {free_ports['console_port']} is in use by process {os.getpid()} (")
    assert said.endswith("set CONSOLE_PORT to another port.")


def test_every_port_in_use_is_said_at_once(free_ports: dict[str, int]) -> None:
    """Nobody has to start again and again to learn of the next obstacle."""
    with (
        socket.create_server(("127.0.0.1", free_ports["dagster_port"])),
        socket.create_server(("127.0.0.1", free_ports["sandbox_port"])),
        pytest.raises(ConfigurationError) as caught,
    ):
        check_ports(Settings.model_validate(free_ports))

    first, second = str(caught.value).splitlines()
    assert "DAGSTER_PORT" in first
    assert "SANDBOX_PORT" in second


def test_the_ports_of_the_sandbox_do_not_matter_in_production(free_ports: dict[str, int]) -> None:
    """What is not started needs no port."""
    settings = Settings.model_validate(free_ports).model_copy(update={"mode": "production"})
    with socket.create_server(("127.0.0.1", free_ports["sandbox_port"])):
        check_ports(settings)


def test_two_settings_with_one_port_are_both_named(free_ports: dict[str, int]) -> None:
    """The second part would fail much later, with a port that is in use by ourselves."""
    settings = Settings.model_validate({**free_ports, "dagster_port": free_ports["console_port"]})
    with pytest.raises(ConfigurationError, match="CONSOLE_PORT and DAGSTER_PORT are both"):
        check_ports(settings)


def test_everything_runs_once_in_a_folder(tmp_path: Path) -> None:
    """A second start names the process of the first."""
    refused = pytest.raises(ConfigurationError, match=f"already in {tmp_path}, started by process {os.getpid()}")
    with only_one(tmp_path), refused, only_one(tmp_path):
        pass

    with only_one(tmp_path):
        assert (tmp_path / "up.lock").read_text() == str(os.getpid())


def test_a_start_after_a_kill_waits_until_the_old_processes_have_ended(tmp_path: Path) -> None:
    """The guard of a killed start holds the lock while it ends what is left; a new start goes on after it."""
    (tmp_path / "up.lock").write_text(str(NO_PROCESS))
    held = (tmp_path / "up.lock").open()
    fcntl.flock(held, fcntl.LOCK_EX)
    threading.Timer(0.5, held.close).start()

    with only_one(tmp_path):
        assert held.closed


def test_a_setting_at_fault_is_named_without_its_value(folder: Path) -> None:
    """One line for each field; the value may be a secret that was put into the wrong place."""
    (folder / ".env").write_text("CONSOLE_PORT=s3cret\nBULK_BATCH_SIZE=0\n")
    with pytest.raises(ConfigurationError) as caught:
        read_settings()

    lines = str(caught.value).splitlines()
    assert [line.split(":")[0] for line in lines] == ["CONSOLE_PORT", "BULK_BATCH_SIZE"]
    assert "s3cret" not in str(caught.value)


def test_an_unsafe_production_is_explained(folder: Path) -> None:
    """What is missing is listed by the names of the settings."""
    (folder / ".env").write_text("MODE=production\n")
    with pytest.raises(ConfigurationError, match=r"^MODE=production does not start like this: .*SESSION_SECRET"):
        read_settings()


def test_a_line_that_is_not_a_setting_is_pointed_at(folder: Path) -> None:
    """A line that would be skipped in silence is a refusal instead."""
    (folder / ".env").write_text("CONSOLE_PORT=8501\nPUBLIC_BASE_URL='https://unclosed\n")
    with pytest.raises(ConfigurationError, match=r"\.env cannot be understood in line 2\. Write NAME=value there\."):
        read_settings()


def test_an_env_file_in_another_encoding_is_explained(folder: Path) -> None:
    """Bytes that are no UTF-8 give a sentence, not a traceback."""
    (folder / ".env").write_bytes("MAIL_FROM=Über uns\n".encode("latin-1"))
    with pytest.raises(ConfigurationError, match=r"\.env cannot be read: .* Write it anew as UTF-8 text\."):
        read_settings()


def test_good_settings_are_read(folder: Path) -> None:
    """What is written in .env counts."""
    (folder / ".env").write_text("CONSOLE_PORT=9501\n")

    assert read_settings().console_port == 9501
