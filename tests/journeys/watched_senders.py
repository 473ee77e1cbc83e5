"""The four senders, whose acknowledged objects are known while they still send."""

from __future__ import annotations

import threading

from tests.journeys.test_kill import Senders


class WatchedSenders(Senders):
    """Reads what is acknowledged as it comes."""

    def __init__(self) -> None:
        super().__init__()
        self._so_far: list[str] = []
        self._over = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line == "over\n":
                self._over.set()
            else:
                self._so_far.append(line.split()[0])  # the study stands beside it

    def begin(self, port: int) -> None:
        self._over.clear()
        super().begin(port)

    def so_far(self) -> list[str]:
        """SOP Instance UIDs, in order of their acknowledgement."""
        return list(self._so_far)

    def acknowledged(self) -> set[str]:
        assert self._over.wait(60), "the senders did not notice the end"
        return set(self._so_far)

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._reader.join(20)
        self._process.stdout.close()
