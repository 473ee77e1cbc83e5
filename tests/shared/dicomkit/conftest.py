"""What the tests of created DICOM objects share: the outside validator."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def validator_errors(tmp_path: Path) -> Callable[..., list[str]]:
    """Write an object, run `dciodvfy` over it and return the lines that name an error."""
    tool = shutil.which("dciodvfy")
    if tool is None:
        pytest.skip("dciodvfy is not installed (Debian package dicom3tools)")

    def errors(made: object, *options: str) -> list[str]:
        from shared.dicomkit import headers

        path = headers.write(made, tmp_path / "checked.dcm")  # type: ignore[arg-type]
        done = subprocess.run(
            [tool, *options, str(path)], capture_output=True, text=True, errors="replace", check=False
        )
        lines = (done.stdout + done.stderr).splitlines()
        assert lines, "the validator said nothing, not even the kind of object"
        return [line for line in lines if "Error" in line]

    return errors
