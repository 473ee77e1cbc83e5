"""From frames of the stream to events: what a recorder sends becomes samples, then one finished record. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from clients.ecg.acquisition.ports import DeviceError, Event, Finished, Samples
from clients.ecg.acquisition.stream import Frame, FrameType, Setup, StreamError, samples_of, setup_of
from clients.kit.translations import tr
from shared.waveform.record import MISSING, EcgDevice, EcgRecord, RecordError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_SECONDS = 30 * 60
"""A recording of the acquisition dialog; longer ones (Holter) come as files."""


class Recording:
    """Follows one stream. `tell` is called with Samples, Finished and DeviceError, in order."""

    def __init__(
        self, tell: Callable[[Event], None], now: Callable[[], datetime] = lambda: datetime.now().astimezone()
    ):
        self._tell, self._now = tell, now
        self._device = EcgDevice()
        self._setup: Setup | None = None
        self._parts: list[Samples] = []
        self._end = 0
        self._started: datetime | None = None

    def take(self, frame: Frame) -> None:
        """One more frame; anything may come at any moment."""
        try:
            self._taken(frame)
        except StreamError:
            self._tell(DeviceError(tr("心电图机送来的数据有误，已略过；若波形中断，请重新采集。")))

    def _taken(self, frame: Frame) -> None:
        if frame.type is FrameType.HELLO:
            facts = frame.facts()
            names = ("manufacturer", "model", "serial", "software")
            self._device = EcgDevice(**{name: str(facts.get(name, ""))[:64] for name in names})
        elif frame.type is FrameType.START:
            self._setup, self._parts, self._end = setup_of(frame), [], 0
            self._started = self._now()
        elif frame.type is FrameType.SAMPLES and self._setup is not None:
            samples = samples_of(frame, self._setup)
            end = samples.first + samples.values.shape[1]
            if end > MAX_SECONDS * self._setup.sampling_hz:
                raise StreamError("the recording is longer than this dialog takes")
            self._parts.append(samples)
            self._end = max(self._end, end)
            self._tell(samples)
        elif frame.type is FrameType.END:
            self._finish(frame.payload)
        elif frame.type is FrameType.ALIVE and self._parts:  # said by a cart at rest: the end was lost on its way
            self._finish(b"")
        elif frame.type is FrameType.ABORT:
            self._setup, self._parts, self._end = None, [], 0
            self._tell(DeviceError(tr("心电图机中止了采集，请在设备上重新开始。")))

    def _finish(self, packed: bytes) -> None:
        record = _unpacked(packed) if packed else None
        if record is None and self._setup is not None and self._end:
            try:
                record = self._assembled(self._setup)
            except RecordError as error:
                raise StreamError(str(error)) from error
        self._setup, self._parts, self._end = None, [], 0
        if record is None:
            raise StreamError("the recording ended without samples")
        self._tell(Finished(record))

    def _assembled(self, setup: Setup) -> EcgRecord:
        import numpy as np

        values: NDArray[Any] = np.full((len(setup.leads), self._end), MISSING, dtype=np.int32)
        for part in self._parts:
            values[:, part.first : part.first + part.values.shape[1]] = part.values
        return EcgRecord(
            setup.leads,
            values,
            setup.gain_uv,
            setup.baseline,
            setup.sampling_hz,
            started=self._started,
            device=self._device,
        )


def _unpacked(packed: bytes) -> EcgRecord | None:
    from shared.waveform.compact import CompactError, unpack

    try:
        return unpack(packed)
    except CompactError:
        return None  # the samples that came are the record
