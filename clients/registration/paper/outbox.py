"""Photographed pages on this computer's disk until the server has them: a crash or a broken line loses none."""

from __future__ import annotations

import re
import secrets
import threading
import time

from clients.kit.sealed_files import SealedFiles

_NEW = "new"
_NAME = re.compile(r"(?P<owner>new|exam\d{1,18})-(?P<key>[0-9a-f]{24})\Z")


class PaperOutbox:
    """Pages of the booking being typed, and pages that wait to be sent to their exam. Safe from any thread."""

    def __init__(self, files: SealedFiles) -> None:
        self._files = files
        self._lock = threading.Lock()

    def fresh_key(self) -> str:
        """A key for a new page; keys sort in the order of time."""
        return f"{time.time_ns() // 1000:016x}{secrets.token_hex(4)}"

    def keep(self, key: str, jpeg: bytes) -> None:
        """Keep or replace a page of the booking being typed; it is on disk when this returns."""
        self._files.write(f"{_NEW}-{key}", jpeg)

    def keep_for(self, exam_id: int, key: str, jpeg: bytes) -> None:
        """Keep a page that belongs to a registered exam and waits to be sent."""
        self._files.write(f"exam{exam_id}-{key}", jpeg)

    def drop(self, key: str) -> None:
        """Forget a page of the booking being typed."""
        self._files.remove(f"{_NEW}-{key}")

    def pages(self) -> tuple[tuple[str, bytes], ...]:
        """Key and bytes of the pages of the booking being typed, in their order."""
        found = []
        for name in self._files.names():
            match = _NAME.match(name)
            if match and match["owner"] == _NEW:
                data = self._files.read(name)
                if data is not None:
                    found.append((match["key"], data))
        return tuple(found)

    def assign(self, exam_id: int, keys: tuple[str, ...]) -> None:
        """The booking was registered: its pages wait to be sent to the exam."""
        with self._lock:
            for key in keys:
                self._files.rename(f"{_NEW}-{key}", f"exam{exam_id}-{key}")

    def waiting(self) -> tuple[tuple[int, str], ...]:
        """Exam id and key of every page that waits to be sent, in their order."""
        found = []
        for name in self._files.names():
            match = _NAME.match(name)
            if match and match["owner"] != _NEW:
                found.append((int(match["owner"].removeprefix("exam")), match["key"]))
        return tuple(sorted(found, key=lambda entry: entry[1]))

    def read(self, exam_id: int, key: str) -> bytes | None:
        """The bytes of a waiting page."""
        return self._files.read(f"exam{exam_id}-{key}")

    def sent(self, exam_id: int, key: str) -> None:
        """The server has the page."""
        self._files.remove(f"exam{exam_id}-{key}")
