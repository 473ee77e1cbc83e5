"""A recorder that is not there: real records are streamed in real time through the ports that carts use. No Qt window.

``SimulatedCart(record).play(link)`` speaks the stream protocol on any open line; `serve_tcp`, `play_serial` and
`play_folder` are the ways of the command ``mingjing ecg simulate``.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from clients.ecg.acquisition.stream import FrameType, StreamReader, framed, framed_json, framed_samples
from clients.ecg.acquisition.stream_devices import Link, SocketLink
from shared.waveform.record import MISSING

if TYPE_CHECKING:
    from shared.waveform.record import EcgRecord

_FRAME_S = 0.1  # of signal in one frame
_ALIVE_S = 2.0


class SimulatedCart:
    """Plays records one after the other, each when a task comes. ``speed`` 2 plays twice as fast as life, 0 at once."""

    def __init__(
        self,
        records: Sequence[EcgRecord],
        *,
        speed: float = 1.0,
        sleep: Callable[[float], None] = time.sleep,
        say: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self._records, self._speed, self._sleep, self._say = tuple(records), speed, sleep, say
        self._next = 0

    def frames(self, record: EcgRecord) -> Iterator[bytes]:
        """The frames of one recording, paced."""
        from shared.waveform.compact import pack

        record = recorded_now(record)
        device = record.device
        yield framed_json(
            FrameType.HELLO,
            manufacturer=device.manufacturer or "Mingjing",
            model=device.model or "simulator",
            serial=device.serial,
            software=device.software,
        )
        yield framed_json(
            FrameType.START,
            leads=record.leads,
            sampling_hz=record.sampling_hz,
            gain_uv=record.gain_uv,
            baseline=record.baseline,
        )
        step = max(1, round(_FRAME_S * record.sampling_hz))
        begun = time.monotonic()
        for first in range(0, record.sample_count, step):
            values = record.samples[:, first : first + step]
            off = frozenset(n for n, row in enumerate(values) if (row == MISSING).all())
            if self._speed > 0:
                due = begun + (first + values.shape[1]) / record.sampling_hz / self._speed
                self._sleep(max(0.0, due - time.monotonic()))
            yield framed_samples(first, values, off)
        yield framed(FrameType.END, pack(record))

    def play(self, link: Link, *, at_once: bool = False, most: int = 0, stopped: Callable[[], bool] = bool) -> int:
        """Wait for tasks on an open line and play a record for each; gives how many. Raises OSError when it breaks."""
        reader, played, quiet_since = StreamReader(), 0, time.monotonic()
        wanted = at_once
        while not stopped():
            data = link.read(0.05)
            if data == b"":
                return played
            for frame in reader.feed(data or b""):
                wanted = frame.type is FrameType.TASK or (wanted and frame.type is not FrameType.STOP)
            if wanted:
                wanted = False
                record = self._records[self._next % len(self._records)]
                self._next += 1
                self._say(f"playing {record.identifier or 'record'}: {record.seconds:.0f} s")
                if not self._played(link, reader, record):
                    continue
                played += 1
                quiet_since = time.monotonic()
                if most and played >= most:
                    return played
            elif time.monotonic() - quiet_since > _ALIVE_S:
                link.write(framed(FrameType.ALIVE))
                quiet_since = time.monotonic()
        return played

    def _played(self, link: Link, reader: StreamReader, record: EcgRecord) -> bool:
        """Play one record; False when the desk said stop."""
        for frame in self.frames(record):
            link.write(frame)
            heard = link.read(0.0001)
            if any(each.type is FrameType.STOP for each in reader.feed(heard or b"")):
                return False
        return True


def recorded_now(record: EcgRecord) -> EcgRecord:
    """The same signal, recorded at this moment from whoever lies there: a cart does not know the patient."""
    from shared.waveform.record import EcgPatient

    return replace(record, patient=EcgPatient(), started=datetime.now().astimezone())


def serve_tcp(cart: SimulatedCart, port: int, *, host: str = "127.0.0.1", ready: Callable[[int], None]) -> None:
    """Listen as a cart in the network does, one desk at a time, for ever; ``ready`` hears the port."""
    with socket.create_server((host, port)) as door:
        ready(door.getsockname()[1])
        while True:
            line, _caller = door.accept()
            with contextlib.closing(SocketLink(line)) as link, contextlib.suppress(OSError):
                cart.play(link)


def play_serial(cart: SimulatedCart, port: str, baud: int, *, at_once: bool, most: int = 0) -> int:
    """Play on a serial port."""
    from clients.ecg.acquisition.serial_devices import SerialLink

    with contextlib.closing(SerialLink(port, baud)) as link:
        return cart.play(link, at_once=at_once, most=most)


def play_folder(sources: Sequence[Path], folder: Path, *, seconds: float, sleep: Callable[[float], None]) -> list[Path]:
    """Write files as a vendor's program does: after the recording's time, under another name first, then renamed."""
    made = []
    for source in sources:
        sleep(seconds)
        target = folder / f"{time.strftime('%Y%m%d%H%M%S')}-{source.name}"
        half = folder / f".{target.name}.tmp"
        half.write_bytes(source.read_bytes())
        os.replace(half, target)  # noqa: PTH105 one step
        made.append(target)
    return made
