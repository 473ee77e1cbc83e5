"""A trace from the server to what is drawn; all of it runs in a worker. Knows no Qt."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from clients.ecg.reading.state import Drawn
from shared.contract.ecg import GetTrace

if TYPE_CHECKING:
    from clients.kit.running import TaskRunner
    from shared.waveform.beats import Delineation
    from shared.waveform.measuring import Analysis
    from shared.waveform.record import EcgRecord

_log = logging.getLogger(__name__)


def fetch(connection: Any, exam_id: int | None = None, trace_id: int | None = None) -> Drawn:
    """Ask for a trace, unpack it, take its kept analysis (blocking). Raises RpcError, also where there is none yet."""
    from shared.waveform import compact, kept
    from shared.waveform.measuring import analyse

    found = connection.call(GetTrace(exam_id=exam_id, trace_id=trace_id))
    data = found.data or _bulk(connection, found.trace.id)
    record = compact.unpack(data)
    if found.analysis:
        try:
            return Drawn(found.trace, record, kept.unpack(found.analysis, record))
        except kept.KeptError as error:  # made by another version of the program: measured anew
            _log.warning("kept analysis of ECG trace %d not read, measured anew: %s", found.trace.id, error)
    return Drawn(found.trace, record, analyse(record))


def warm_up(runner: TaskRunner) -> None:
    """Load in a worker what the first trace needs (numpy, scipy, the codec), so that nobody waits for it later."""
    runner.run(_load, _nothing, _nothing, key="ecg-reading-warm-up")


def _load() -> None:
    import numpy as np

    from shared.waveform import compact, filters
    from shared.waveform.comparison import compare
    from shared.waveform.measuring import analyse
    from shared.waveform.record import record_from_microvolts

    wave = np.tile(np.sin(np.linspace(0.0, 6.28, 400)) * 500.0, 6)
    record = compact.unpack(compact.pack(record_from_microvolts(("I", "II"), np.vstack([wave, wave]), 500.0)))
    found = analyse(record)
    filters.filtered(record.microvolts(), record.sampling_hz)
    compare(record, found, record, found)


def _nothing(_result: object) -> None:
    """Whatever became of it, the first trace loads what is missing."""


def measured_here(record: EcgRecord) -> Drawn:
    """A record that the server does not have yet."""
    from shared.waveform.measuring import analyse

    return Drawn(None, record, analyse(record))


def measured_anew(record: EcgRecord, found: Delineation) -> Analysis:
    """The analysis after points were moved by hand."""
    from shared.waveform.gains import with_common_gain
    from shared.waveform.measuring import Analysis, measure
    from shared.waveform.median_beat import median_beat

    beat = median_beat(with_common_gain(record), found) if found.beats else None
    return Analysis(found, beat, measure(found, beat))


def _bulk(connection: Any, trace_id: int) -> bytes:
    """A record longer than a message holds."""
    bulk = connection.open_bulk()
    try:
        return bytes(bulk.fetch("ecg_trace", str(trace_id)).data)
    finally:
        bulk.close()
