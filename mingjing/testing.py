"""`mingjing test`: everything that must be green before a change is kept."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ["shared", "server", "clients", "mingjing", "tests", "run.py"]


def main(arguments: list[str]) -> int:
    """Run style, types, import law and tests; further arguments go to pytest (and leave the rest out).

    All tests together run in as many processes as there are cores, a file always in one of them.
    """
    processes = str(min(os.cpu_count() or 1, 4))
    side_by_side = ["-n", processes, "--dist", "loadfile", "--no-loadscope-reorder"]
    slowest = ["--durations=25", "--durations-min=3"]  # whoever makes the suite slow is named in each run
    tests = [sys.executable, "-m", "pytest", *(arguments or [*side_by_side, *slowest])]
    steps = [
        ("style", [sys.executable, "-m", "ruff", "check", *FOLDERS]),
        ("format", [sys.executable, "-m", "ruff", "format", "--check", "--quiet", *FOLDERS]),
        ("types", [sys.executable, "-m", "mypy"]),
        ("import law", [str(Path(sys.executable).parent / "lint-imports")]),
    ]
    environment = dict(os.environ, PYTHONPATH=str(ROOT), PYTHONUTF8="1", QT_QPA_PLATFORM="offscreen")
    environment.pop("DISPLAY", None)
    # Servers and workstations start hundreds of times: without bytecode each start compiles the sources again (2 s).
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    failed = []
    for name, command in [*([] if arguments else steps), ("tests", tests)]:
        started = time.monotonic()
        print(f"── {name}", flush=True)
        status = subprocess.call(command, cwd=ROOT, env=environment)
        print(f"── {name}: {'ok' if status == 0 else 'FAILED'} ({time.monotonic() - started:.0f} s)", flush=True)
        if status != 0:
            failed.append(name)
    if failed:
        print("failed:", ", ".join(failed), file=sys.stderr)
    return 1 if failed else 0
