"""A hospital of fakes behind a real door on a free port, and synthetic objects to send."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.doors.dicom.door import Door
from server.doors.dicom.ports import DoorSettings, Peer
from tests.fakes.dicom_ports import FakeHospital


@pytest.fixture
def hospital() -> FakeHospital:
    return FakeHospital()


@pytest.fixture
def door(hospital: FakeHospital, tmp_path: Path) -> Iterator[Door]:
    (tmp_path / "spool").mkdir()
    door = Door(
        DoorSettings(
            port=0,
            artim_s=2.0,
            idle_s=20.0,
            drain_s=2.0,
            max_object_in_memory=4 << 20,
            spool_directory=tmp_path / "spool",
        ),
        hospital.ports(),
    )
    door.start()
    yield door
    door.stop()
    assert list((tmp_path / "spool").iterdir()) == [], "a spool file was left behind"


@pytest.fixture
def run_tool() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a DCMTK tool and gives its whole output; skips when the tool is not installed."""
    import os
    import shutil

    def run(*argv: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
        # the virtual environment has pynetdicom's tools of the same names
        path = ":".join(p for p in os.environ["PATH"].split(":") if ".venv" not in p)
        program = shutil.which(argv[0], path=path)
        if program is None:
            pytest.skip(f"{argv[0]} (DCMTK) is not installed")
        done = subprocess.run(  # noqa: PLW1510 - asserted below, with the output
            [program, *argv[1:]],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=60,
            env=dict(os.environ, TCP_NODELAY="1"),
        )
        if ok:
            assert done.returncode == 0, done.stdout + done.stderr
        return done

    return run


def peer(title: str, port: int) -> Peer:
    """A peer on this machine."""
    return Peer(title, "127.0.0.1", port)
