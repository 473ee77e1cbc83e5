"""A label printer on port 9100 for tests: speaks ZPL with host status, and can be out of paper, slow or cut off."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass, field

from fakes.zpl_interpreter import PrintedLabel, ZplError, draw_labels


@dataclass
class LabelPrinter:
    """Starts in `__enter__` on a free port of this machine. What was printed is in `labels`, in order."""

    answers_status: bool = True
    paper_out: bool = False
    head_open: bool = False
    paused: bool = False
    ribbon_out: bool = False
    slow_s: float = 0.0  # waits so long before every read
    cut_after: int | None = None  # closes the line, with a reset, after so many bytes
    labels: list[PrintedLabel] = field(default_factory=list)
    raw: bytearray = field(default_factory=bytearray)
    faults: list[str] = field(default_factory=list)
    port: int = 0

    def __enter__(self) -> LabelPrinter:
        self._changed = threading.Condition()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="label-printer", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._listener.close()
        self._thread.join(5)
        assert not self._thread.is_alive()

    def wait_for_labels(self, count: int, timeout_s: float = 10.0) -> list[PrintedLabel]:
        """The labels once there are so many; fails the test if they do not come."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self.labels) >= count, timeout_s)
        assert came, f"{len(self.labels)} of {count} labels came; {self.faults}"
        return self.labels

    def status(self) -> bytes:
        """The three strings of ~HS."""
        first = f"030,{int(self.paper_out)},{int(self.paused)},0240,000,0,0,0,000,0,0,0"
        second = f"001,0,{int(self.head_open)},{int(self.ribbon_out)},1,2,6,0,00000000,1,000"
        return b"".join(b"\x02" + part.encode() + b"\x03\r\n" for part in (first, second, "1234,0"))

    def _serve(self) -> None:
        self._listener.settimeout(0.1)
        while not self._stopping.is_set():
            try:
                line, _address = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            with line:
                self._talk(line)

    def _talk(self, line: socket.socket) -> None:
        line.settimeout(0.1)
        received, taken = b"", 0
        while not self._stopping.wait(self.slow_s):
            try:
                data = line.recv(65536)
            except TimeoutError:
                continue
            except OSError:
                return
            if not data:
                return
            taken += len(data)
            if self.cut_after is not None and taken >= self.cut_after:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
                return
            received += data
            while b"~HS" in received:
                before, _, after = received.partition(b"~HS")
                received = before + after.removeprefix(b"\r\n")
                if self.answers_status:
                    line.sendall(self.status())
            received = self._print(received)

    def _print(self, received: bytes) -> bytes:
        """Print the whole labels; returns the rest."""
        end = received.rfind(b"^XZ")
        if end < 0 or self.paper_out or self.head_open or self.paused:
            return received
        whole, rest = received[: end + 3], received[end + 3 :].lstrip()
        with self._changed:
            self.raw += whole
            try:
                for label in draw_labels(whole):
                    self.labels += [label] * label.copies
            except ZplError as fault:
                self.faults.append(str(fault))
            self._changed.notify_all()
        return rest
