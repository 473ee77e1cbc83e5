"""A hospital of fakes behind a real door on a free port, and synthetic objects to send."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.doors.dicom.door import Door
from server.doors.dicom.ports import DoorSettings
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
def tool_path() -> Callable[[str], str]:
    """Finds a DCMTK tool; skips when it is not installed. The virtual environment has pynetdicom's of the same
    names."""

    def find(name: str) -> str:
        folders = [p for p in os.environ["PATH"].split(os.pathsep) if not (Path(p).parent / "pyvenv.cfg").exists()]
        program = shutil.which(name, path=os.pathsep.join(folders))
        if program is None:
            pytest.skip(f"{name} (DCMTK) is not installed")
        return program

    return find


@pytest.fixture
def run_tool(tool_path: Callable[[str], str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a DCMTK tool and gives its whole output; ``ok=False`` lets it fail."""

    def run(name: str, *argv: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [tool_path(name), *argv],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=120,
            check=False,
            env=dict(os.environ, TCP_NODELAY="1"),
        )
        if ok:
            assert done.returncode == 0, done.stdout + done.stderr
        return done

    return run
