"""Recorders that speak the stream protocol over TCP, as a client of the cart or as the listener it calls. No Qt."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Protocol

from clients.ecg.acquisition.ports import (
    AcquisitionTask,
    DeviceInformation,
    DeviceSetupError,
    Event,
    LinkChanged,
    LinkState,
)
from clients.ecg.acquisition.recording import Recording
from clients.ecg.acquisition.stream import FrameType, StreamReader, framed, framed_json
from clients.kit.translations import tr

_PAUSES_S = (0.3, 0.6, 1.0, 2.0, 5.0)


class Link(Protocol):
    """An open line: bytes both ways. Raises OSError when it breaks."""

    def read(self, timeout_s: float) -> bytes | None:
        """Some bytes; None when none came in this time; b"" when the other side closed."""
        ...

    def write(self, data: bytes) -> None:
        """Send."""
        ...

    def close(self) -> None:
        """Close; twice is once."""
        ...


class StreamDevice:
    """Follows a stream on a thread of its own and opens its line again when it breaks."""

    def __init__(self, information: DeviceInformation) -> None:
        self.information = information
        self._state = LinkState.CLOSED
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.RLock()  # a listener may stop the device that tells it
        self._listener: Callable[[Event], None] | None = None

    @property
    def state(self) -> LinkState:
        """How the line stands."""
        return self._state

    def open_link(self, stopped: threading.Event) -> Link | None:
        """Open the line; None when it was stopped meanwhile. Raises OSError. Runs on the device's thread."""
        raise NotImplementedError

    def start(self, task: AcquisitionTask, listener: Callable[[Event], None]) -> None:
        """Listen for the recording of this task."""
        self.stop()
        self._stop = threading.Event()
        self._listener = listener
        self._thread = threading.Thread(target=self._run, args=(task, self._stop), name="ecg-device", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the task; the listener is not called again."""
        with self._lock:
            self._listener = None
        self._stop.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(5)
        self._state = LinkState.CLOSED

    def _run(self, task: AcquisitionTask, stopped: threading.Event) -> None:
        recording = Recording(self._tell)
        failures = 0
        while not stopped.is_set():
            try:
                link = self.open_link(stopped)
                if link is None:
                    return
                failures = 0
                self._change(LinkState.WAITING, "")
                with contextlib.closing(link):
                    self._follow(link, task, recording, stopped)
            except OSError as error:
                self._change(LinkState.BROKEN, error.strerror or str(error))
            stopped.wait(_PAUSES_S[min(failures, len(_PAUSES_S) - 1)])
            failures += 1

    def _follow(self, link: Link, task: AcquisitionTask, recording: Recording, stopped: threading.Event) -> None:
        reader = StreamReader()
        link.write(framed_json(FrameType.TASK, exam=task.exam_id, patient=task.patient))
        while not stopped.is_set():
            data = link.read(0.1)
            if data is None:
                continue
            if not data:
                raise OSError(tr("设备断开了连接"))
            for frame in reader.feed(data):
                if frame.type is FrameType.START:
                    self._change(LinkState.RECEIVING, "")
                elif frame.type in (FrameType.END, FrameType.ABORT):
                    self._change(LinkState.WAITING, "")
                recording.take(frame)
        with contextlib.suppress(OSError):
            link.write(framed(FrameType.STOP))

    def _change(self, state: LinkState, text: str) -> None:
        if state is not self._state or text:
            self._state = state
            self._tell(LinkChanged(state, text))

    def _tell(self, event: Event) -> None:
        with self._lock:  # held while telling: after stop() returns nothing comes any more
            if self._listener is not None:
                self._listener(event)


class SocketLink:
    def __init__(self, line: socket.socket) -> None:
        self._line = line

    def read(self, timeout_s: float) -> bytes | None:
        self._line.settimeout(timeout_s)
        try:
            return self._line.recv(65536)
        except TimeoutError:
            return None

    def write(self, data: bytes) -> None:
        self._line.settimeout(5)
        self._line.sendall(data)

    def close(self) -> None:
        self._line.close()


class TcpDevice(StreamDevice):
    """A recorder in the network: ``host`` and ``port`` to call it, or ``listen`` for one that calls this computer."""

    def __init__(self, information: DeviceInformation, host: str, port: int, *, listens: bool = False) -> None:
        super().__init__(information)
        self._host, self._port, self._listens = host, port, listens
        self.bound_port = 0
        """Where a listening device listens; known once it was started."""

    def open_link(self, stopped: threading.Event) -> Link | None:
        if not self._listens:
            return SocketLink(socket.create_connection((self._host, self._port), 5))
        with socket.create_server((self._host, self._port)) as door:
            self.bound_port = door.getsockname()[1]
            door.settimeout(0.1)
            while not stopped.is_set():
                with contextlib.suppress(TimeoutError):
                    line, _caller = door.accept()
                    return SocketLink(line)
        return None


def tcp_device(information: DeviceInformation, settings: dict[str, str]) -> TcpDevice:
    """From a binding's settings: ``host`` and ``port``, or ``listen`` (port). Raises DeviceSetupError."""
    listen = settings.get("listen", "")
    try:
        port = int(listen or settings.get("port", ""))
    except ValueError:
        port = -1
    if not 0 < port < 65536:
        raise DeviceSetupError(tr("设备设置中的端口不正确，请管理员在设备管理中填写 1 到 65535。"))
    host = settings.get("host", "") or ("0.0.0.0" if listen else "")
    if not host:
        raise DeviceSetupError(tr("设备设置中没有主机地址，请管理员在设备管理中填写。"))
    return TcpDevice(information, host, port, listens=bool(listen))
