"""The release folder: the right libraries for the system, everything in it, nothing changed on the way."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from mingjing import package
from shared.release import VERSION

LOCK = """# made by a program
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via tqdm
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:cc
numpy==2.5.5 ; python_full_version >= '3.12' \\
    --hash=sha256:dd
pydicom==3.0.2 \\
    --hash=sha256:ee
"""


def test_a_lock_is_read_for_the_system_that_will_run_it() -> None:
    """Markers are those of the other machine, not of the one that packs."""
    windows = package.wheels_wanted(LOCK, "windows", "3.11")
    linux = package.wheels_wanted(LOCK, "linux", "3.12")
    assert windows == (
        "colorama==0.4.6 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
        "numpy==2.4.6 \\\n    --hash=sha256:cc\npydicom==3.0.2 \\\n    --hash=sha256:ee\n"
    )
    assert "colorama" not in linux
    assert "numpy==2.5.5" in linux
    assert "2.4.6" not in linux


def test_the_real_lock_has_each_library_once_for_every_system() -> None:
    """A name that stood twice, or a line that lost its hashes, would fail at the hospital only."""
    lock = (package.ROOT / "requirements.lock").read_text(encoding="utf-8")
    for system in package.SYSTEMS:
        entries = [line for line in package.wheels_wanted(lock, system, "3.11").splitlines() if line[0] != " "]
        names = [line.partition("==")[0] for line in entries]
        assert len(names) == len(set(names)) > 50
        assert "vtk" in names
        assert ("pyaudio" in names) is (system == "windows")


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program in a release folder, without the wheels."""
    folder: Path = tmp_path_factory.mktemp("stick") / "mingjing"
    package.copy_program(package.ROOT, folder)
    package.write_notes(folder, "windows", "3.11")
    package.write_sums(folder)
    return folder


def test_the_program_runs_from_its_release_folder(release: Path) -> None:
    """Nothing that it needs was left behind in the checkout, and it says its version."""
    command = [sys.executable, "-P", "-m", "mingjing", "--version"]
    answer = subprocess.run(
        command, cwd=release, env={"PYTHONPATH": str(release)}, capture_output=True, text=True, check=True
    )
    version = answer.stdout.split()[-1]
    assert version in (release / package.RELEASE).read_text(encoding="utf-8-sig")
    assert (release / "requirements.lock").exists()


def test_one_version_everywhere() -> None:
    """What the log-in page, the server and the release folder say is what the distribution is called."""
    project = tomllib.loads((package.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION


def test_a_file_changed_on_the_way_is_named(release: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Sticks lose bytes; and a list of sums from outside names no file outside its folder."""
    for path in release.rglob("__pycache__"):
        assert path.is_dir()  # made by the program as it ran: not in the list, and no reason to complain
    assert package.main([str(release), "--check"]) == 0
    file = release / "docs" / "status.md"
    before = file.read_bytes()
    file.write_bytes(before[:-1] + b"?")
    assert package.main([str(release), "--check"]) == 1
    assert "docs/status.md" in capsys.readouterr().err
    file.write_bytes(before)
    sums = release / package.SUMS
    outside = release.parent / "outside"
    outside.write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    sums.write_text(sums.read_text(encoding="utf-8") + f"{empty}  ../outside\n", encoding="utf-8")
    assert package.main([str(release), "--check"]) == 1


def test_a_folder_with_something_in_it_is_not_touched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is overwritten; the sentence says what to do."""
    (tmp_path / "mine.txt").write_text("keep", encoding="utf-8")
    assert package.main([str(tmp_path)]) == 2
    assert "new folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
