"""The line from a workstation to its viewer, which is a process of its own: orders there, events back. Knows no Qt.

The workstation starts the viewer and hands it a fresh key and the open session over its standard input, never on the
command line. The viewer listens on 127.0.0.1, both sides prove that they know the key, and msgpack messages follow.

    link = ViewerLink(server=connection_string, session=session, on_event=bridge.came.emit)
    link.warm_up()                      # after the log-in: the process waits without a window
    link.open([study_uid])              # returns at once
    link.close()                        # with the workstation

``on_event`` is called on the link's thread: give it the ``emit`` of a Qt signal whose receiver is a bound method.
"""

from __future__ import annotations

import logging
import queue
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import IO, Any

import msgspec

from shared.contract.identity import SessionView

log = logging.getLogger(__name__)

READY_WORD = "viewer-listens"
START_WITHIN_S = 40.0
MESSAGE_LIMIT = 64 << 20


# --- orders to the viewer


class Order(msgspec.Struct, frozen=True, tag_field="order"):
    """Something the viewer shall do. ``number`` comes back in the answer where there is one."""


class OpenStudies(Order, frozen=True, tag="open"):
    """Show the first study, the others in the series bar; ``raise_window`` brings the viewer to the front."""

    study_uids: tuple[str, ...]
    raise_window: bool = True


class CompareStudy(Order, frozen=True, tag="compare"):
    """Put a study beside what is open."""

    study_uid: str


class RefreshStudy(Order, frozen=True, tag="refresh"):
    """More images of an open study have come."""

    study_uid: str


class PrepareStudies(Order, frozen=True, tag="prepare"):
    """These studies come next: fetch them ahead when nothing else is to be loaded. Replaces the last such order."""

    study_uids: tuple[str, ...]


class CloseStudies(Order, frozen=True, tag="close"):
    """Show nothing; the process stays."""


class OpenFiles(Order, frozen=True, tag="files"):
    """Show files and folders of this machine."""

    paths: tuple[str, ...]


class Perform(Order, frozen=True, tag="perform"):
    """Do what a button does: an action id (``image.send``), ``preset.lung``, ``layout.2x2``, ``image.30`` (number)."""

    action: str


class DrawLength(Order, frozen=True, tag="length"):
    """Draw a length in the selected viewport; columns and rows of the image, whole numbers at pixel centres."""

    column_1: float
    row_1: float
    column_2: float
    row_2: float


class Capture(Order, frozen=True, tag="capture"):
    """Answer with a picture of the window; width and height 0 keep its size."""

    number: int
    width: int = 0
    height: int = 0


class Quit(Order, frozen=True, tag="quit"):
    """End the process."""


AnyOrder = (
    OpenStudies
    | CompareStudy
    | RefreshStudy
    | PrepareStudies
    | CloseStudies
    | OpenFiles
    | Perform
    | DrawLength
    | Capture
    | Quit
)


# --- events from the viewer


class ViewerEvent(msgspec.Struct, frozen=True, tag_field="event"):
    """Something that happened in the viewer."""


class StudiesShown(ViewerEvent, frozen=True, tag="shown"):
    """These studies are open now."""

    study_uids: tuple[str, ...]


class FirstImage(ViewerEvent, frozen=True, tag="first_image"):
    """The first image of a study is on screen, so many milliseconds after the order came."""

    study_uid: str
    after_ms: float


class AllLoaded(ViewerEvent, frozen=True, tag="all_loaded"):
    """Every image of the open studies has been loaded."""

    frames: int
    after_ms: float


class KeyImage(ViewerEvent, frozen=True, tag="key_image"):
    """The reader sends an image to the report: PNG as seen on screen, texts of its measurements; frame from 0."""

    study_uid: str
    series_uid: str
    sop_instance_uid: str
    frame: int
    png: bytes
    measurements: tuple[str, ...]


class MeasurementDrawn(ViewerEvent, frozen=True, tag="measurement"):
    """The reader finished or changed a measurement; ``value`` in ``unit`` (mm, px, °), ``text`` as shown."""

    text: str
    value: float
    unit: str
    sop_instance_uid: str


class Captured(ViewerEvent, frozen=True, tag="captured"):
    """The picture asked for by :class:`Capture`."""

    number: int
    png: bytes


class ViewerFailed(ViewerEvent, frozen=True, tag="failed"):
    """Something could not be opened: a sentence for the reader."""

    sentence: str


class ViewerEnded(ViewerEvent, frozen=True, tag="ended"):
    """The process is gone; the next :meth:`ViewerLink.open` starts a new one."""


AnyViewerEvent = (
    StudiesShown | FirstImage | AllLoaded | KeyImage | MeasurementDrawn | Captured | ViewerFailed | ViewerEnded
)

_encoder = msgspec.msgpack.Encoder()
_orders: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(AnyOrder)
_events: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(AnyViewerEvent)


def encode(message: Order | ViewerEvent) -> bytes:
    """A message as it travels."""
    return _encoder.encode(message)


def decode_order(data: bytes) -> Order:
    """Raises msgspec.MsgspecError for anything that is no order."""
    order: Order = _orders.decode(data)
    return order


def decode_event(data: bytes) -> ViewerEvent:
    """Raises msgspec.MsgspecError for anything that is no event."""
    event: ViewerEvent = _events.decode(data)
    return event


# --- what the viewer is told when it starts


class Secrets(msgspec.Struct, frozen=True):
    """One line of JSON on the viewer's standard input."""

    key: str  # hexadecimal, proves both sides to each other
    server: str = ""  # connection string
    session: SessionView | None = None
    language: str = "zh"

    def line(self) -> bytes:
        return msgspec.json.encode(self) + b"\n"

    @classmethod
    def read(cls, stream: IO[bytes]) -> Secrets:
        """Raises msgspec.MsgspecError when the line is something else."""
        return msgspec.json.decode(stream.readline(1 << 20), type=cls)


class ViewerUnavailable(Exception):
    """The viewer could not be started or does not answer; the text is a sentence."""


class ViewerLink:
    """One workstation's viewer. Methods return at once unless they say otherwise; a dead viewer is started anew."""

    def __init__(
        self,
        *,
        server: str = "",
        session: SessionView | None = None,
        on_event: Callable[[ViewerEvent], None] = lambda _event: None,
        language: str = "zh",
        program: Sequence[str] = (sys.executable, "-m", "mingjing", "viewer", "--control"),
        folder: Path | None = None,
    ) -> None:
        self._secrets = Secrets(secrets.token_hex(32), server, session, language)
        self._on_event = on_event
        self._program = list(program)
        self._folder = folder
        self._orders: queue.Queue[Order | None] = queue.Queue()
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Connection[Any, Any] | None = None
        self._pictures: dict[int, queue.Queue[bytes]] = {}
        self._numbers = 0
        self._closing = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="viewer-link", daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """True while the process lives."""
        process = self._process
        return process is not None and process.poll() is None

    @property
    def process_id(self) -> int | None:
        """Process id of the viewer while it lives."""
        return self._process.pid if self._process is not None and self.is_running else None

    def warm_up(self) -> None:
        """Start the process without a window, so that the first study opens without waiting for it."""
        self._orders.put(CloseStudies())

    def open(self, study_uids: Sequence[str], *, raise_window: bool = True) -> None:
        """Show these studies; starts the viewer when needed."""
        self._orders.put(OpenStudies(tuple(study_uids), raise_window))

    def follow(self, study_uids: Sequence[str]) -> None:
        """Show these studies if the viewer is open, without taking the keyboard: the reader went to another report."""
        if self.is_running:
            self._orders.put(OpenStudies(tuple(study_uids), False))

    def compare(self, study_uid: str) -> None:
        """Put an earlier study beside what is open."""
        self._orders.put(CompareStudy(study_uid))

    def refresh(self, study_uid: str) -> None:
        """More images have come (a notice said so)."""
        if self.is_running:
            self._orders.put(RefreshStudy(study_uid))

    def prepare(self, study_uids: Sequence[str]) -> None:
        """These studies of the worklist come next, the nearest first; they are fetched when the shown one is there."""
        if self.is_running:
            self._orders.put(PrepareStudies(tuple(study_uids)))

    def close_studies(self) -> None:
        """Show nothing, as when the report is put down."""
        if self.is_running:
            self._orders.put(CloseStudies())

    def send(self, order: Order) -> None:
        """Any other order; starts the viewer when needed."""
        self._orders.put(order)

    def capture(self, *, width: int = 0, height: int = 0, timeout_s: float = 20.0) -> bytes:
        """PNG of the viewer's window. Blocks; raises :class:`ViewerUnavailable`. For the demo and tests."""
        with self._lock:
            self._numbers += 1
            number = self._numbers
            waiting = self._pictures[number] = queue.Queue(1)
        self._orders.put(Capture(number, width, height))
        try:
            return waiting.get(timeout=timeout_s)
        except queue.Empty:
            raise ViewerUnavailable("The viewer did not answer with a picture.") from None
        finally:
            self._pictures.pop(number, None)

    def close(self, timeout_s: float = 5.0) -> None:
        """End the viewer and the link; waits for the process."""
        if self._closing:
            return
        self._closing = True
        self._orders.put(None)
        self._thread.join(timeout_s + START_WITHIN_S)
        if self._process is not None:
            _let_go(self._process, timeout_s)

    # --- the link's thread

    def _run(self) -> None:
        while True:
            order = self._orders.get()
            if order is None:
                self._hang_up()
                return
            try:
                self._deliver(order)
            except ViewerUnavailable as unavailable:
                self._tell(ViewerFailed(str(unavailable)))
            except (OSError, EOFError):  # it died between two orders: once more with a new process
                self._line = None
                try:
                    self._deliver(order)
                except (ViewerUnavailable, OSError, EOFError) as error:
                    log.warning("the viewer cannot be reached: %s", error)
                    self._tell(ViewerFailed("影像阅片程序无法启动，请重试；仍不行请联系管理员。"))

    def _deliver(self, order: Order) -> None:
        if self._line is None or not self.is_running:
            self._start()
        assert self._line is not None
        self._line.send_bytes(encode(order))

    def _start(self) -> None:
        if self._process is not None:
            _let_go(self._process, 1.0)
        process = subprocess.Popen(
            self._program,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=self._folder,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # Windows: no console beside the viewer
        )
        self._process = process
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(self._secrets.line())
            process.stdin.flush()
        except OSError as error:
            raise ViewerUnavailable("影像阅片程序无法启动，请联系管理员。") from error
        port = _port_from(process.stdout)
        if port is None:
            _let_go(process, 0.0)
            raise ViewerUnavailable("影像阅片程序无法启动，请联系管理员。")
        self._line = Client(("127.0.0.1", port), authkey=bytes.fromhex(self._secrets.key))
        threading.Thread(target=self._listen, args=(self._line,), name="viewer-events", daemon=True).start()

    def _listen(self, line: Connection[Any, Any]) -> None:
        while True:
            try:
                event = decode_event(line.recv_bytes(MESSAGE_LIMIT))
            except (EOFError, OSError):
                break
            except msgspec.MsgspecError:
                log.warning("the viewer sent something that is no event")
                continue
            if isinstance(event, Captured):
                waiting = self._pictures.get(event.number)
                if waiting is not None:
                    waiting.put(event.png)
            else:
                self._tell(event)
        if self._line is line:
            self._line = None
        if not self._closing:
            self._tell(ViewerEnded())

    def _tell(self, event: ViewerEvent) -> None:
        try:
            self._on_event(event)
        except RuntimeError:  # the Qt object behind the callback is gone with its window
            log.debug("nobody listens to the viewer any more")

    def _hang_up(self) -> None:
        line, self._line = self._line, None
        if line is not None and self.is_running:
            try:
                line.send_bytes(encode(Quit()))
            except OSError:
                log.debug("the viewer was gone already")
        elif self._process is not None and self.is_running:
            self._process.kill()


def _let_go(process: subprocess.Popen[bytes], patience_s: float) -> None:
    """Wait for the end, or bring it about, and close the pipes."""
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            try:
                stream.close()
            except OSError:  # what was still to be written finds nobody
                log.debug("a pipe to the viewer was broken")


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Lines until the end, or until another thread closes the pipe."""
    while True:
        try:
            line = stream.readline()
        except (OSError, ValueError):
            return
        if not line:
            return
        yield line


def _port_from(stream: IO[bytes]) -> int | None:
    """The port in the viewer's first word; None when it ends or stays silent."""
    answer: queue.Queue[int | None] = queue.Queue(1)

    def read() -> None:
        for raw in _lines(stream):
            word, _, rest = raw.decode("utf-8", "replace").strip().partition(" ")
            if word == READY_WORD and rest.isdigit():
                answer.put(int(rest))
                break
        else:
            answer.put(None)
            return
        for _ in _lines(stream):  # keep the pipe empty, whatever else is printed
            pass

    threading.Thread(target=read, name="viewer-output", daemon=True).start()
    try:
        return answer.get(timeout=START_WITHIN_S)
    except queue.Empty:
        return None
