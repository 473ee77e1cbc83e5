"""Normal limits of the global measurements by age and sex, as published; each limit names where it stands.

Adults (16 years and older): AHA/ACCF/HRS recommendations, parts III (2009, QRS duration and axis), IV (2009, QTc) and V
(2009, voltages); PR 120-200 ms and P below 120 ms as in their terminology of 2007.
Children: Rijnbeek et al., Eur Heart J 2001;22:702-711 (1912 children from 11 days on; 2nd and 98th percentile by sex)
for rate, P, PR, QRS and QTc (Bazett). Davignon et al., Pediatr Cardiol 1979;1:123-131 (2nd and 98th percentile) for the
QRS axis, and for rate, PR and QRS of the first days of life.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

AHA: Final = "AHA/ACCF/HRS 2009"
AHA_WORDS: Final = "AHA/ACC/HRS 2007"
RIJNBEEK: Final = "Rijnbeek 2001"
DAVIGNON: Final = "Davignon 1979"
ADULT_YEARS: Final = 16.0
_DAY, _MONTH = 1.0 / 365.25, 1.0 / 12.0


UNCHECKED: Final = frozenset({RIJNBEEK, DAVIGNON})
"""Sources whose tables nobody has compared with the printed paper yet: whoever shows their limits says so.

Rijnbeek's rate, PR, QRS and QTc agree in all 72 ranges with those that another public program took from the paper; its
P durations and all of Davignon were compared with nothing.
"""


@dataclass(frozen=True, slots=True)
class NormalRange:
    """From ``low`` to ``high``, both still normal; None where there is no limit on that side."""

    low: float | None
    high: float | None
    source: str

    def mark(self, value: float) -> str:
        """``↑`` above, ``↓`` below, empty inside."""
        if self.high is not None and value > self.high:
            return "↑"
        return "↓" if self.low is not None and value < self.low else ""

    def words(self, decimals: int = 0) -> str:
        """``60–100``, ``≤ 110``, ``≥ 2``."""
        low = "" if self.low is None else f"{self.low:.{decimals}f}"
        high = "" if self.high is None else f"{self.high:.{decimals}f}"
        return f"{low}–{high}" if low and high else f"≥ {low}" if low else f"≤ {high}"


# Upper end of the age group in years; then (boys low, high), (girls low, high).
_Pair = tuple[float, float]
_Rows = tuple[tuple[float, _Pair, _Pair], ...]
_RIJNBEEK: dict[str, _Rows] = {
    "hr": (
        (_MONTH, (129, 192), (136, 216)),
        (3 * _MONTH, (126, 187), (126, 200)),
        (6 * _MONTH, (112, 165), (122, 191)),
        (1, (106, 194), (106, 187)),
        (3, (97, 155), (95, 178)),
        (5, (73, 123), (78, 124)),
        (8, (62, 113), (68, 115)),
        (12, (55, 101), (58, 110)),
        (16, (48, 99), (54, 107)),
    ),
    "p": (
        (_MONTH, (64, 85), (69, 106)),
        (3 * _MONTH, (65, 98), (62, 105)),
        (6 * _MONTH, (64, 103), (63, 106)),
        (1, (66, 96), (64, 107)),
        (3, (63, 113), (62, 104)),
        (5, (67, 102), (66, 101)),
        (8, (73, 108), (71, 107)),
        (12, (78, 117), (75, 114)),
        (16, (82, 118), (78, 122)),
    ),
    "pr": (
        (_MONTH, (77, 120), (91, 121)),
        (3 * _MONTH, (85, 120), (78, 133)),
        (6 * _MONTH, (87, 134), (84, 127)),
        (1, (82, 141), (88, 133)),
        (3, (86, 151), (78, 147)),
        (5, (98, 152), (99, 153)),
        (8, (99, 160), (92, 156)),
        (12, (105, 174), (103, 163)),
        (16, (107, 178), (106, 176)),
    ),
    "qrs": (
        (_MONTH, (50, 85), (54, 79)),
        (3 * _MONTH, (52, 77), (48, 77)),
        (6 * _MONTH, (54, 85), (50, 78)),
        (1, (52, 86), (52, 80)),
        (3, (54, 88), (54, 85)),
        (5, (58, 92), (58, 88)),
        (8, (63, 98), (59, 95)),
        (12, (67, 103), (66, 99)),
        (16, (78, 111), (72, 106)),
    ),
    "qtc": (
        (_MONTH, (378, 448), (379, 462)),
        (3 * _MONTH, (396, 458), (381, 454)),
        (6 * _MONTH, (391, 453), (386, 448)),
        (1, (379, 449), (381, 446)),
        (3, (383, 455), (381, 447)),
        (5, (377, 448), (388, 442)),
        (8, (371, 443), (375, 449)),
        (12, (373, 440), (365, 447)),
        (16, (362, 449), (370, 457)),
    ),
}
_RIJNBEEK_FROM = 11 * _DAY

# Davignon: upper end of the age group in years; rate, QRS axis, PR, QRS (both sexes).
_DAVIGNON: tuple[tuple[float, _Pair, _Pair, _Pair, _Pair], ...] = (
    (1 * _DAY, (93, 154), (59, 192), (80, 160), (30, 70)),
    (3 * _DAY, (91, 159), (64, 197), (80, 140), (30, 70)),
    (7 * _DAY, (90, 166), (77, 187), (70, 140), (30, 70)),
    (30 * _DAY, (107, 182), (65, 160), (70, 140), (30, 80)),
    (3 * _MONTH, (121, 179), (31, 114), (70, 130), (30, 80)),
    (6 * _MONTH, (106, 186), (7, 104), (70, 150), (30, 80)),
    (1, (109, 169), (6, 99), (70, 160), (30, 80)),
    (3, (89, 151), (7, 101), (80, 150), (40, 80)),
    (5, (73, 137), (6, 104), (90, 160), (40, 80)),
    (8, (65, 133), (11, 143), (90, 160), (40, 80)),
    (12, (62, 130), (9, 114), (90, 170), (40, 90)),
    (16, (60, 120), (11, 130), (90, 180), (40, 90)),
)
_DAVIGNON_COLUMNS = {"hr": 1, "qrs_axis": 2, "pr": 3, "qrs": 4}

_ADULT: dict[str, NormalRange] = {
    "hr": NormalRange(60, 100, AHA_WORDS),
    "rr": NormalRange(600, 1000, AHA_WORDS),
    "p": NormalRange(None, 120, AHA_WORDS),
    "pr": NormalRange(120, 200, AHA_WORDS),
    "qrs": NormalRange(None, 110, AHA),
    "qrs_axis": NormalRange(-30, 90, AHA),
    "rv5": NormalRange(None, 2.6, AHA),
    "rv5_sv1": NormalRange(None, 3.5, AHA),
}


def normal_range(parameter: str, age_years: float | None, female: bool = False) -> NormalRange | None:
    """The limits of a parameter (keys of ``shared.domain.ecg_reports.Parameter``); None where none are published.

    Unknown age is taken for adult. QTc limits were found with Bazett's formula and hold for all of them at 60/min.
    """
    if age_years is None or age_years >= ADULT_YEARS:
        if parameter == "qtc":
            return NormalRange(391, 459 if female else 449, AHA)
        return _ADULT.get(parameter)
    if parameter == "rr":
        rate = normal_range("hr", age_years, female)
        if rate is None or rate.low is None or rate.high is None:
            return None
        return NormalRange(round(60_000 / rate.high), round(60_000 / rate.low), rate.source)
    if parameter in _RIJNBEEK and (age_years >= _RIJNBEEK_FROM or parameter in {"p", "qtc"}):
        if age_years < _RIJNBEEK_FROM:
            return None
        for end, boys, girls in _RIJNBEEK[parameter]:
            if age_years < end:
                return NormalRange(*(girls if female else boys), RIJNBEEK)
    column = _DAVIGNON_COLUMNS.get(parameter)
    if column is None:
        return None
    row = next(row for row in _DAVIGNON if age_years < row[0])
    low, high = row[column]  # type: ignore[misc]
    return NormalRange(low, high, DAVIGNON)
