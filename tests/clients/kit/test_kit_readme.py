"""The kit's README names only what exists."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

KIT = Path(__file__).resolve().parents[3] / "clients" / "kit"
ROW = re.compile(r"^\| `(\w+)` \| (.+) \| (no|yes) \|$", re.MULTILINE)
ROWS = ROW.findall((KIT / "README.md").read_text(encoding="utf-8"))


def test_the_table_was_found() -> None:
    assert len(ROWS) > 15


@pytest.mark.parametrize(("module", "names", "qt"), ROWS, ids=[row[0] for row in ROWS])
def test_every_name_in_the_table_exists_and_qt_free_modules_are(module: str, names: str, qt: str) -> None:
    loaded = importlib.import_module(f"clients.kit.{module}")
    for name in re.findall(r"`([A-Za-z]\w+)(?:\([^`]*\))?`", names):
        owners = [loaded, *(value for value in vars(loaded).values() if isinstance(value, type))]
        assert any(hasattr(owner, name) for owner in owners), f"{module} has no {name}"
    if qt == "no":
        assert "PySide6" not in (KIT / f"{module}.py").read_text(encoding="utf-8")
