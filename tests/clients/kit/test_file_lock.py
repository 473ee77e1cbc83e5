"""A lock is held by one, let go by its owner or by his death."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from clients.kit.file_lock import FileLock

ROOT = Path(__file__).resolve().parents[3]
HOLDER = (
    "import sys; sys.path.insert(0, sys.argv[1]);"
    "from pathlib import Path; from clients.kit.file_lock import FileLock;"
    "lock = FileLock.taken(Path(sys.argv[2])); print('held', flush=True); sys.stdin.read()"
)


def test_one_at_a_time(tmp_path: Path) -> None:
    first = FileLock.taken(tmp_path / "a" / "x.lock")
    assert first is not None and FileLock.taken(tmp_path / "a" / "x.lock") is None
    first.release()
    first.release()
    again = FileLock.taken(tmp_path / "a" / "x.lock")
    assert again is not None
    again.release()
    assert not (tmp_path / "a" / "x.lock").exists()


def test_a_killed_holder_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(ROOT), str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None and holder.stdin is not None
    assert holder.stdout.readline().strip() == "held"
    assert FileLock.taken(path) is None
    holder.kill()
    holder.wait(10)
    holder.stdout.close()
    holder.stdin.close()
    taken = FileLock.taken(path)
    assert taken is not None
    taken.release()
