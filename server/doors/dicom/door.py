"""Starts and stops the DICOM listener: threads in this process, or worker processes that share the listening socket.

A worker ends by itself when its parent is gone: the pipe to it reports the end, on Linux and on Windows.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import logging
import select
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, MutableSequence, Sequence
from multiprocessing.connection import Connection as Pipe
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import cast

from server.doors.dicom.association import Association, Catalogue
from server.doors.dicom.dimse import SPOOL_PATTERN, Assembler, AssemblyLimits, MemoryBudget
from server.doors.dicom.incidents import log_incident
from server.doors.dicom.ports import DicomPorts, DoorSettings, TlsFiles
from server.doors.dicom.services import (
    commitment,
    commitment_report,
    mpps,
    query,
    retrieve,
    storage,
    verification,
    worklist,
)
from server.doors.dicom.tls import accept_tls, server_context
from server.doors.dicom.transport import Connection
from server.kernel.processes import context

log = logging.getLogger(__name__)

BACKLOG = 128
MEMORY_BUDGET = 1 << 30
"""Bytes for large objects in all associations of one process; beyond it objects spool to disk."""
START_TIMEOUT_S = 60.0
_YIELDS = 8  # of 2 ms each
REFUSALS = 16
REFUSAL_S = 3.0
"""Connections beyond the limit that are refused in words (A-ASSOCIATE-RJ "local limit exceeded") at the same time, and
how long each has to ask; further ones are closed at once, which is what a flood deserves."""
RESTART_PAUSE_S = 1.0


def catalogue_for(ports: DicomPorts) -> Catalogue:
    """The services that these ports make possible."""
    catalogue = Catalogue()
    verification.offer(catalogue)
    if ports.objects is not None:
        storage.offer(catalogue)
    if ports.query is not None:
        query.offer(catalogue)
    if ports.retrieve is not None:
        retrieve.offer(catalogue)
    if ports.worklist is not None:
        worklist.offer(catalogue)
    if ports.mpps is not None:
        mpps.offer(catalogue)
    if ports.commitment is not None:
        commitment.offer(catalogue)
    if ports.commitment_reports is not None:
        commitment_report.offer(catalogue)
    return catalogue


def load_ports(settings: DoorSettings) -> DicomPorts:
    """Call the ports factory that the settings name; raises ValueError, ImportError or AttributeError when there is
    none."""
    module, _, function = settings.ports_factory.partition(":")
    if not module or not function:
        raise ValueError(f"ports_factory must be 'module:function', not {settings.ports_factory!r}")
    factory = cast("Callable[[object], DicomPorts]", getattr(importlib.import_module(module), function))
    return factory(settings.ports_options)


class Listener:
    """Accepts connections in one process and runs a thread for each association."""

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        ports: DicomPorts,
        settings: DoorSettings,
        loads: MutableSequence[int] | None = None,
        index: int = 0,
    ) -> None:
        self._sockets = sockets
        self._tls = server_context(settings.tls or TlsFiles()) if len(sockets) > 1 else None
        self._ports = ports
        self._settings = settings
        self._loads = loads
        self._index = index
        self._catalogue = catalogue_for(ports)
        self._budget = MemoryBudget(MEMORY_BUDGET)
        self._limits = AssemblyLimits(
            settings.max_object_in_memory, settings.max_object, settings.max_identifier, settings.spool_directory
        )
        self._associations: dict[Association, threading.Thread] = {}
        self._addresses: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._wake, self._waker = socket.socketpair()

    def run(self) -> None:
        """Accept until :meth:`stop`; then drain and close the ports."""
        for sock in self._sockets:
            sock.setblocking(False)
        if self._index == 0:
            for start in self._catalogue.at_start:
                start(self._ports, self._settings, self._stopping)
        while not self._stopping.is_set():
            for sock in self._wait():
                self._yield_to_less_busy()
                try:
                    client, address = sock.accept()
                except (BlockingIOError, ConnectionError):
                    continue  # another worker was faster, or the peer has gone again
                except OSError:
                    if self._stopping.is_set():
                        break
                    log.exception("accepting connections failed; trying again")  # no descriptors left, most likely
                    self._stopping.wait(0.2)
                    continue
                self._admit(client, str(address[0]), secure=sock is not self._sockets[0])
        self._drain()
        self._ports.close()
        self._wake.close()
        self._waker.close()

    def stop(self) -> None:
        """Make :meth:`run` return; from any thread."""
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._waker.send(b"x")

    def _wait(self) -> list[socket.socket]:
        """The listening sockets at which somebody waits; none after a second, or when woken."""
        if hasattr(select, "poll"):
            poller = select.poll()
            for sock in (*self._sockets, self._wake):
                poller.register(sock, select.POLLIN)
            ready = {fd for fd, _ in poller.poll(1000)}
            return [sock for sock in self._sockets if sock.fileno() in ready]
        found = select.select([*self._sockets, self._wake], [], [], 1.0)[0]
        return [sock for sock in self._sockets if sock in found]

    def _yield_to_less_busy(self) -> None:
        """Give workers with fewer associations a moment to take this connection first: one that works needs longer
        to notice it, and an association stays where it was accepted."""
        for _ in range(_YIELDS):
            if self._loads is None or self._loads[self._index] <= min(self._loads):
                return
            time.sleep(0.002)

    def _admit(self, client: socket.socket, address: str, *, secure: bool) -> None:
        with self._lock:
            full = len(self._associations) >= self._settings.max_associations
            full = full or self._addresses[address] >= self._settings.max_associations_per_address
            hopeless = full and len(self._associations) >= self._settings.max_associations + REFUSALS
        if hopeless:
            log.warning("a connection from %s was closed: too many associations", address)
            client.close()
            return
        assembler = Assembler(self._limits, self._budget)
        artim_s = min(self._settings.artim_s, REFUSAL_S) if full else self._settings.artim_s
        connection: Connection
        try:
            if secure and self._tls is not None:
                connection = accept_tls(client, self._tls, assembler, artim_s=artim_s, idle_s=self._settings.idle_s)
            else:
                connection = Connection(client, assembler, artim_s=artim_s, idle_s=self._settings.idle_s)
        except OSError as error:
            log.info("a connection from %s ended before it began (%s)", address, type(error).__name__)
            client.close()
            assembler.close()
            return
        association = Association(
            connection, address, self._ports, self._settings, self._catalogue, self._stopping, full=full
        )
        thread = threading.Thread(
            target=self._serve, args=(association,), name=f"dicom-{association.name}", daemon=True
        )
        with self._lock:
            self._associations[association] = thread
            self._addresses[address] += 1
            self._publish_load()
        thread.start()

    def _serve(self, association: Association) -> None:
        try:
            association.serve()
        except Exception as error:  # noqa: BLE001 - outermost loop of the thread: a bug ends one association only
            log_incident(log, f"association {association.name}", error)
        finally:
            with self._lock:
                self._associations.pop(association, None)
                self._addresses[association.address] -= 1
                if not self._addresses[association.address]:
                    del self._addresses[association.address]
                self._publish_load()

    def _publish_load(self) -> None:
        if self._loads is not None:
            self._loads[self._index] = len(self._associations)

    def _drain(self) -> None:
        with self._lock:
            running = dict(self._associations)
        for association in running:
            association.stop()
        end = time.monotonic() + self._settings.drain_s
        for thread in running.values():
            thread.join(max(0.0, end - time.monotonic()))
        for association, thread in running.items():
            if thread.is_alive():
                association.kill()
                thread.join(1.0)


class Door:
    """The DICOM door (``ports.DicomDoor``). ``ports`` is for ``workers=0``; workers make their own by the factory."""

    def __init__(self, settings: DoorSettings, ports: DicomPorts | None = None) -> None:
        self._settings = settings
        self._ports = ports
        self._sockets: list[socket.socket] = []
        self._port = settings.port
        self._tls_port = 0
        self._listener: Listener | None = None
        self._thread: threading.Thread | None = None
        self._workers: list[tuple[BaseProcess, Pipe]] = []
        self._loads: MutableSequence[int] = []
        self._closing = threading.Event()
        self._supervisor: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._port

    @property
    def tls_port(self) -> int:
        """The port on which associations by TLS are accepted; 0 when there is none."""
        return self._tls_port

    @property
    def alive(self) -> bool:
        """Whether every part of the door still runs."""
        if self._thread is not None:
            return self._thread.is_alive()
        return bool(self._workers) and all(process.is_alive() for process, _ in self._workers)

    def start(self) -> None:
        """Bind, start, and return when associations are accepted; raises OSError when a port is taken, ValueError with
        a sentence when the TLS port's certificate cannot be used."""
        if self._settings.tls_port >= 0:
            server_context(self._settings.tls or TlsFiles())
        sock = listening_socket(self._settings.host, self._settings.port)
        self._sockets = [sock]
        _sweep(self._settings.spool_directory)
        self._port = sock.getsockname()[1]
        if self._settings.tls_port >= 0:
            try:
                secure = listening_socket(self._settings.host, self._settings.tls_port)
            except OSError:
                self.stop()
                raise
            self._sockets.append(secure)
            self._tls_port = secure.getsockname()[1]
        if self._settings.workers == 0:
            listener = Listener(self._sockets, self._ports or load_ports(self._settings), self._settings)
            self._listener = listener
            self._thread = threading.Thread(target=listener.run, name="dicom-listener", daemon=True)
            self._thread.start()
            return
        try:
            self._start_workers()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop accepting, let messages in work end, abort the rest; safe to call twice."""
        if self._listener is not None and self._thread is not None:
            self._listener.stop()
            self._thread.join(self._settings.drain_s + 10.0)
            self._listener = self._thread = None
        self._closing.set()
        if self._supervisor is not None:
            self._supervisor.join()
            self._supervisor = None
        for _, pipe in self._workers:
            with contextlib.suppress(OSError):
                pipe.send("stop")
            pipe.close()
        for process, _ in self._workers:
            process.join(self._settings.drain_s + 10.0)
            if process.is_alive():
                log.warning("a DICOM worker did not end in time and is killed")
                process.kill()
                process.join()
        self._workers = []
        for sock in self._sockets:
            sock.close()
        self._sockets = []

    def _start_workers(self) -> None:
        self._loads = context().RawArray("i", self._settings.workers)
        self._workers = [self._spawn(index) for index in range(self._settings.workers)]
        end = time.monotonic() + START_TIMEOUT_S
        for _, pipe in self._workers:
            if not pipe.poll(max(0.0, end - time.monotonic())):
                raise TimeoutError("a DICOM worker did not start in time; see the log for its reason")
            try:
                answer = pipe.recv()
            except EOFError:
                answer = "it ended at once"
            if answer != "ready":
                raise RuntimeError(f"a DICOM worker could not start: {answer}")
        self._supervisor = threading.Thread(target=self._supervise, name="dicom-supervisor", daemon=True)
        self._supervisor.start()

    def _spawn(self, index: int) -> tuple[BaseProcess, Pipe]:
        started = context()
        ours, theirs = started.Pipe()
        self._loads[index] = 0
        process = started.Process(
            target=_worker_main,
            args=(self._sockets, self._settings, theirs, self._loads, index),
            name=f"dicom-worker-{index}",
            daemon=True,
        )
        process.start()
        theirs.close()
        return process, ours

    def _supervise(self) -> None:
        """Replace a worker that died (a crash in a codec, the system's memory limit); its associations are lost."""
        while not self._closing.wait(RESTART_PAUSE_S):
            for index, (process, pipe) in enumerate(self._workers):
                if process.is_alive():
                    continue
                log.error("DICOM worker %d ended with code %s and is started again", index, process.exitcode)
                pipe.close()
                try:
                    self._workers[index] = self._spawn(index)
                except OSError:
                    log.exception("DICOM worker %d could not be started again", index)


def _sweep(folder: Path | None) -> None:
    """Delete unfinished objects that a killed process left; nobody was told that they are stored."""
    if folder is None or not folder.is_dir():
        return
    for pattern in (SPOOL_PATTERN, "commitment-*.part"):
        for path in folder.glob(pattern):
            with contextlib.suppress(OSError):
                path.unlink()


def listening_socket(host: str, port: int) -> socket.socket:
    """A bound, listening socket; raises OSError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # on Windows SO_REUSEADDR would let another program share the port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def _worker_main(
    sockets: Sequence[socket.socket], settings: DoorSettings, pipe: Pipe, loads: MutableSequence[int], index: int
) -> None:
    """A worker process: serve until the parent says stop or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent says when to stop
    try:
        ports = load_ports(settings)
    except Exception as error:  # noqa: BLE001 - outermost: the parent reports the reason
        log_incident(log, "making the ports of a DICOM worker", error)
        pipe.send(f"{type(error).__name__}: {error}")
        return
    try:
        listener = Listener(sockets, ports, settings, loads, index)
    except ValueError as error:  # the certificate was changed for a bad one since the server started
        log.error("the TLS port cannot be served: %s", error)
        listener = Listener(sockets[:1], ports, settings, loads, index)
    watcher = threading.Thread(target=_watch_parent, args=(pipe, listener), name="dicom-parent", daemon=True)
    watcher.start()
    _rehearse(ports)
    gc.freeze()  # a collection need not look at the modules again and again
    pipe.send("ready")
    listener.run()
    for sock in sockets:
        sock.close()


def _rehearse(ports: DicomPorts) -> None:
    """Ask what every association asks first, so that no device waits while the directory's statements are compiled."""
    try:
        ports.peers.find("", "127.0.0.1")
    except Exception as error:  # noqa: BLE001 - a directory that fails now is asked again by the first peer
        log_incident(log, "the peer directory", error)


def _watch_parent(pipe: Pipe, listener: Listener) -> None:
    with contextlib.suppress(EOFError, OSError):
        pipe.recv()
    listener.stop()
