"""A measurement made by hand: which parameter, between which samples, and what follows from it. No Qt.

Rows ECG-MEAS-02 to ECG-MEAS-06. Times and voltages are those of samples: they depend on neither zoom nor spacing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.waveform.measuring import corrected


class Parameter(StrEnum):
    """What a rectangle measures; the value is also the key of ``Measurement.values``' main entry, see there."""

    RR = "rr"
    PP = "pp"
    P = "p"
    PR = "pr"
    QRS = "qrs"
    QT = "qt"
    ST = "st"
    T = "t"
    AMPLITUDE = "amplitude"
    INTERVAL = "interval"


PARAMETER_WORDS = {
    Parameter.RR: "RR间期",
    Parameter.PP: "PP间期",
    Parameter.P: "P波时限",
    Parameter.PR: "PR间期",
    Parameter.QRS: "QRS时限",
    Parameter.QT: "QT间期",
    Parameter.ST: "ST段",
    Parameter.T: "T波时限",
    Parameter.AMPLITUDE: "振幅",
    Parameter.INTERVAL: "时间",
}


@dataclass(frozen=True, slots=True)
class Derived:
    """A value that follows: its Chinese name, number and unit."""

    key: str
    name: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Measurement:
    """One rectangle. ``start_s`` < ``end_s`` in seconds of the record, on samples; voltages in mV of the lead.

    ``rr_ms``: the RR interval that QTc is corrected with (from RR measured by hand, else from the analysis).
    ``cycles``: how many RR intervals the rectangle spans; RR and rate are per cycle.
    """

    parameter: Parameter
    lead: str
    start_s: float
    end_s: float
    start_mv: float
    end_mv: float
    rr_ms: float | None = None
    cycles: int = 1

    @property
    def ms(self) -> float:
        """The time between the edges, in ms."""
        return round((self.end_s - self.start_s) * 1000.0, 3)

    @property
    def mv(self) -> float:
        """The voltage from the first corner to the second, in mV; upwards is positive."""
        return round(self.end_mv - self.start_mv, 4)

    def derived(self) -> tuple[Derived, ...]:
        """What follows from the measured interval (ECG-MEAS-05)."""
        each = self.ms / max(self.cycles, 1)
        found: list[Derived] = []
        if self.ms <= 0:
            return ()
        if self.parameter is Parameter.RR:
            if self.cycles > 1:
                found.append(Derived("rr_ms", "平均RR", round(each, 1), "ms"))
            found.append(Derived("hr_bpm", "心室率", round(60_000.0 / each), "bpm"))
        elif self.parameter is Parameter.PP:
            found.append(Derived("atrial_bpm", "心房率", round(60_000.0 / each), "bpm"))
        elif self.parameter is Parameter.QT and self.rr_ms:
            qtc = corrected(self.ms, self.rr_ms)
            found += [
                Derived("qtc_bazett", "QTc Bazett", qtc.bazett, "ms"),
                Derived("qtc_fridericia", "QTc Fridericia", qtc.fridericia, "ms"),
                Derived("qtc_framingham", "QTc Framingham", qtc.framingham, "ms"),
                Derived("qtc_hodges", "QTc Hodges", qtc.hodges, "ms"),
            ]
        elif self.parameter is Parameter.INTERVAL:
            found.append(Derived("per_minute", "每分钟", round(60_000.0 / self.ms), "/min"))
        return tuple(found)

    def values(self) -> dict[str, float]:
        """For the parameter area: ``rr_ms``, ``pr_ms``, ``p_ms``, ``qrs_ms``, ``qt_ms``, ``st_mv``, ``amplitude_mv``,
        ``interval_ms``, ``pp_ms``, ``t_ms``, and the derived ones (``hr_bpm``, ``atrial_bpm``, ``qtc_bazett`` …).
        """
        if self.parameter in (Parameter.ST, Parameter.AMPLITUDE):
            own = {f"{self.parameter.value}_mv": self.mv}
        else:
            own = {f"{self.parameter.value}_ms": round(self.ms / max(self.cycles, 1), 1)}
        return {**own, **{each.key: each.value for each in self.derived() if each.key != "per_minute"}}
