"""The quality gate as the dialog asks it: of a whole record at the end, of the last seconds while it is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clients.ecg.acquisition.ports import Samples
from clients.ecg.acquisition.state import FindingLine

if TYPE_CHECKING:
    from shared.waveform.record import EcgRecord

LIVE_S = 10.0
"""The live gate looks at the last ten seconds."""
_LEAST_S = 4.0
_NOT_LIVE = frozenset({"too_short"})  # said of every recording that has only begun


def findings_of(record: EcgRecord, *, live: bool = False) -> tuple[FindingLine, ...]:
    """Sentences of the gate, worst first; takes some tenths of a second."""
    from shared.waveform import quality
    from shared.waveform.quality_words import sentence

    verdict = quality.check(record)
    return tuple(
        FindingLine(finding.severity == quality.Severity.FAIL, sentence(finding, "zh"), sentence(finding, "en"))
        for finding in verdict.findings
        if not (live and finding.fault in _NOT_LIVE)
    )


class Tail:
    """The last seconds of a running recording."""

    def __init__(self) -> None:
        self._parts: list[Samples] = []
        self.seconds = 0.0

    def add(self, samples: Samples) -> None:
        """Remember these; forget what is older than the gate looks at."""
        if self._parts and self._parts[-1].leads != samples.leads:
            self._parts.clear()
        self._parts.append(samples)
        end = samples.first + samples.values.shape[1]
        self.seconds = end / samples.sampling_hz
        oldest = end - LIVE_S * samples.sampling_hz
        while self._parts[0].first + self._parts[0].values.shape[1] <= oldest:
            self._parts.pop(0)

    def record(self) -> EcgRecord | None:
        """A record of them; None while there is too little to judge."""
        import numpy as np

        from shared.waveform.record import MISSING, EcgRecord

        if not self._parts:
            return None
        first, newest = self._parts[0], self._parts[-1]
        length = newest.first + newest.values.shape[1] - first.first
        if length < _LEAST_S * newest.sampling_hz:
            return None
        values = np.full((len(newest.leads), length), MISSING, dtype=np.int32)
        for part in self._parts:
            place = part.first - first.first
            if place >= 0:
                values[:, place : place + part.values.shape[1]] = part.values
        return EcgRecord(newest.leads, values, newest.gain_uv, newest.baseline, newest.sampling_hz)
