"""An ECG on true paper scale as drawing marks in millimetres: grid, calibration, traces, header and footer.

Rows EX-ECG-02 and EX-ECG-03 of the requirements.

``sheets`` gives one ``Sheet`` a page; ``shared.waveform.paper_pdf`` turns them into PDF, a screen draws the same marks.
Millimetres count from the left and from the top of the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from shared.domain.states import Sex
from shared.waveform.filters import FilterSettings, filtered_part
from shared.waveform.layouts import DEFAULT, LEAD_IN, LayoutError, Page, Ruling, Strip, layout_for, pages_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.waveform.median_beat import MedianBeat
    from shared.waveform.record import EcgRecord

SPEEDS = (12.5, 25.0, 50.0)
GAINS = (2.5, 5.0, 10.0, 20.0)
Language = Literal["zh", "en"]
PAPERS = {"a4": (297.0, 210.0), "a4-portrait": (210.0, 297.0)}
_MARGIN = 10.0
_HEADER, _FOOTER = 33.0, 7.0

MINOR, MAJOR, INK, QUIET = "#F9D3D3", "#EFA0A0", "#101418", "#4A5560"


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line in mm."""

    x1: float
    y1: float
    x2: float
    y2: float
    weight: float
    colour: str


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """A drawn lead: points (point, 2) float64 in mm, NaN where it breaks; which ``strip``, and its 0 mV."""

    points: NDArray[Any]
    weight: float
    colour: str
    strip: Strip | None = None
    zero: float = 0.0


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text: its left end (or right end, ``align``) and its baseline, in mm; size in points."""

    x: float
    y: float
    text: str
    size: float
    bold: bool = False
    colour: str = INK
    align: Literal["left", "right"] = "left"
    most_mm: float | None = None  # narrower room: the text is set smaller, then cut


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page: its size in mm and its marks in the order of drawing."""

    width: float
    height: float
    marks: tuple[Line | Trace | Text, ...]
    page: Page


@dataclass(frozen=True, slots=True)
class Look:
    """How to print."""

    layout: str = DEFAULT
    speed: float = 25.0
    gain: float = 10.0
    filters: FilterSettings | None = None  # None: as recorded
    language: Language = "zh"
    paper: str = "a4"
    start: float = 0.0
    seconds: float | None = None
    rhythm: tuple[str, ...] = ("II",)
    title: str = ""
    values: Mapping[str, str] = field(default_factory=dict)  # words of the header's measured values; empty: the file's
    statements: tuple[str, ...] | None = None  # None: those of the record
    whole: bool = False  # a short rest gets a page of its own
    median: MedianBeat | None = None  # for layouts with median beats; None: measured when it is needed
    header: float = _HEADER  # mm above the ruled area, below the margin
    footer: float = _FOOTER  # mm below it, the line of scale and filters included
    bare: bool = False  # nothing above the ruled area: whoever prints puts a head of their own there


def sheets(record: EcgRecord, look: Look) -> tuple[Sheet, ...]:
    """The pages of the record. Raises LayoutError for a look that cannot be."""
    if look.speed not in SPEEDS or look.gain not in GAINS:
        raise LayoutError("paper runs at 12.5, 25 or 50 mm/s, and 2.5, 5, 10 or 20 mm/mV")
    if look.paper not in PAPERS:
        raise LayoutError(f"there is no paper {look.paper!r}; choose one of {', '.join(PAPERS)}")
    width, height = PAPERS[look.paper]
    room = Room.on(width, height, look.header, look.footer)
    layout = layout_for(look.layout, record.leads)
    if layout.beats and look.median is None:
        look = replace(look, median=_median_of(record))
    pages = pages_of(
        layout,
        record.leads,
        record.seconds,
        page_seconds(room, look.speed),
        look.start,
        look.seconds,
        look.rhythm,
        look.whole,
    )
    return tuple(Sheet(width, height, tuple(_marks(record, look, page, len(pages), room)), page) for page in pages)


@dataclass(frozen=True, slots=True)
class Room:
    """The ruled part of the page, whole boxes of 5 mm."""

    left: float
    top: float
    width: float
    height: float

    @classmethod
    def on(cls, width: float, height: float, header: float = _HEADER, footer: float = _FOOTER) -> Room:
        wide = (width - 2 * _MARGIN) // 5 * 5
        high = (height - 2 * _MARGIN - header - footer + 4) // 5 * 5
        return cls((width - wide) / 2, _MARGIN + header, wide, high)

    def ruling(self, rows: int, speed: float, gain: float) -> Ruling:
        """Where strips stand in it."""
        return Ruling(self.left, self.top, self.height / rows, speed, gain)


def page_seconds(room: Room, speed: float) -> float:
    """Seconds that a page shows: 10 where they fit, else a round number."""
    most = (room.width - LEAD_IN) / speed
    return next((seconds for seconds in (20.0, 10.0, 7.0, 5.0, 3.0, 2.5, 2.0, 1.0) if seconds <= most + 1e-9), most)


def _marks(record: EcgRecord, look: Look, page: Page, pages: int, room: Room) -> list[Line | Trace | Text]:
    marks: list[Line | Trace | Text] = [*_grid(room)]
    ruling = room.ruling(page.rows, look.speed, look.gain)
    marks += [
        Trace(calibration_points(room.left, ruling.zero(row), look.speed, look.gain), 0.25, INK)
        for row in range(page.rows)
    ]
    for strip in page.strips:
        marks += _strip(record, strip, look, ruling)
    if not look.bare:
        marks += _header(record, look, room)
    marks += _footer(record, look, page, pages, room)
    return marks


def _grid(room: Room) -> list[Line]:
    """1 mm and 5 mm lines (EX-ECG-03)."""
    right, bottom = room.left + room.width, room.top + room.height
    lines = []
    for heavy in (False, True):
        weight, colour = (0.2, MAJOR) if heavy else (0.1, MINOR)
        for n in range(round(room.width) + 1):
            if (n % 5 == 0) == heavy:
                lines.append(Line(room.left + n, room.top, room.left + n, bottom, weight, colour))
        for n in range(round(room.height) + 1):
            if (n % 5 == 0) == heavy:
                lines.append(Line(room.left, room.top + n, right, room.top + n, weight, colour))
    return lines


def calibration_points(left: float, zero: float, speed: float, gain: float) -> NDArray[Any]:
    """A pulse of 1 mV and 200 ms left of the traces: (6, 2) in mm."""
    import numpy as np

    wide, high = 0.2 * speed, gain
    rise = left + (LEAD_IN - 1 - wide) / 2
    fall = rise + wide
    x = np.array([rise - 1.5, rise, rise, fall, fall, fall + 1.5])
    y = np.array([zero, zero, zero - high, zero - high, zero, zero])
    return np.column_stack([x, y])


def _strip(record: EcgRecord, strip: Strip, look: Look, ruling: Ruling) -> list[Line | Trace | Text]:
    """A lead's trace, its name, and the tick where a column begins."""
    import numpy as np

    left, zero = ruling.begin(strip), ruling.zero(strip.row)
    name = Text(left + 1, zero - 6.5, strip.label, 9, bold=True)
    ticks = [Line(left, zero - 2.5, left, zero + 2.5, 0.25, INK)] if strip.offset else []
    if strip.beat:
        found = _beat(look.median, strip)
        if found is None:
            return [*ticks, name]
        seconds, values = found
    else:
        hertz = record.sampling_hz
        first = round(strip.start * hertz)
        last = min(first + round(strip.seconds * hertz) + (0 if strip.rhythm else 1), record.sample_count)
        values = _values(record, strip.lead, first, last, look)
        seconds = np.arange(first, last) / hertz
    level = ruling.level(strip, values)
    points = np.column_stack([ruling.x(strip, seconds), ruling.y(strip, level, values)])
    return [*ticks, Trace(points, 0.25, INK, strip, level), name]


def _beat(median: MedianBeat | None, strip: Strip) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """Seconds from R and µV of the median beat of a lead; None where there is none."""
    import numpy as np

    values = median.lead(strip.lead) if median is not None else None
    if median is None or values is None:
        return None
    return (np.arange(values.size) - median.r_sample) / median.sampling_hz, values


def _median_of(record: EcgRecord) -> MedianBeat | None:
    from shared.waveform.measuring import analyse

    return analyse(record).median


def _values(record: EcgRecord, lead: str, first: int, last: int, look: Look) -> NDArray[Any]:
    """µV of the samples, filtered with what is around them so that no edge shows."""
    row = record.leads.index(lead)
    values: NDArray[Any] = filtered_part(record, first, last, look.filters, slice(row, row + 1))[0]
    return values


_WORDS = {
    "title": ("心电图", "Electrocardiogram"),
    "name": ("姓名", "Name"),
    "sex": ("性别", "Sex"),
    "age": ("年龄", "Age"),
    "id": ("编号", "ID"),
    "born": ("出生", "Born"),
    "time": ("检查时间", "Recorded"),
    "hr": ("心率", "HR"),
    "pr": ("PR 间期", "PR"),
    "qrs": ("QRS 时限", "QRS"),
    "qt": ("QT/QTc", "QT/QTc"),
    "axes": ("P/QRS/T 电轴", "P/QRS/T axes"),
    "years": ("岁", "y"),
    "device": ("设备", "Device"),
    "recorded": ("采集滤波", "recorded through"),
    "raw": ("滤波：无", "filter: none"),
    "filter": ("滤波", "filter"),
    "page": ("第 {0}/{1} 页", "page {0}/{1}"),
    "part": ("显示 {0:g} s，共 {1:.1f} s", "{0:g} s of {1:.1f} s"),
    "from": ("起始 {0:g} s", "from {0:g} s"),
    "statement": ("设备提示（未经医师确认）", "Device statement (unconfirmed)"),
}
_SEX = {Sex.MALE: ("男", "male"), Sex.FEMALE: ("女", "female"), Sex.OTHER: ("其他", "other"), Sex.UNKNOWN: ("", "")}


def _word(key: str, look: Look) -> str:
    return _WORDS[key][look.language == "en"]


def _header(record: EcgRecord, look: Look, room: Room) -> list[Text]:
    """Title and patient on the left, values in the middle, statements on the right."""
    patient, top = record.patient, _MARGIN
    hospital = record.device.institution
    title = look.title or " · ".join(part for part in (hospital, _word("title", look)) if part)
    third = room.width / 3
    rows = [Text(room.left, top + 5, title, 13, bold=True, most_mm=room.width * 0.62)]
    age = "" if patient.age_years is None else f"{patient.age_years:.3g} {_word('years', look)}"
    facts = (
        ("name", patient.name),
        ("sex", _SEX[patient.sex][look.language == "en"]),
        ("age", age),
        ("id", patient.identifier),
        ("born", patient.birth_date.isoformat() if patient.birth_date else ""),
        ("time", record.started.strftime("%Y-%m-%d %H:%M:%S") if record.started else ""),
    )
    colon = "：" if look.language == "zh" else ": "
    pairs = [f"{_word(key, look)}{colon}{value}" for key, value in facts]
    lines = ["    ".join(pairs[:1]), "    ".join(pairs[1:3]), pairs[3], pairs[4], pairs[5]]
    for n, line in enumerate(lines):
        rows.append(Text(room.left, top + 11.5 + 4.4 * n, line, 9.5 if n == 0 else 8.5, bold=n == 0, most_mm=third - 3))
    values = look.values or _stored_values(record, look)
    for n, (key, value) in enumerate(list(values.items())[:6]):
        rows.append(Text(room.left + third, top + 11.5 + 4.4 * n, key, 8.5, colour=QUIET, most_mm=25))
        rows.append(Text(room.left + third + 27, top + 11.5 + 4.4 * n, value, 8.5, most_mm=third - 30))
    return rows + _statements(record, look, room.left + 2 * third - 4, room.left + room.width, top)


def _statements(record: EcgRecord, look: Look, left: float, right: float, top: float) -> list[Text]:
    given = look.statements if look.statements is not None else record.statements
    if not given:
        return []
    rows = []
    if look.statements is None:
        rows.append(Text(left, top + 7, _word("statement", look), 7, colour=QUIET, most_mm=right - left))
    shown = [*given[:5], "…"] if len(given) > 6 else list(given)
    for n, line in enumerate(shown):
        rows.append(Text(left, top + 11.5 + 4.2 * n, line, 8, most_mm=right - left))
    return rows


def _stored_values(record: EcgRecord, look: Look) -> dict[str, str]:
    """The values that the file carries."""
    known = {one.name: one.value for one in record.measurements if not one.lead}

    def shown(*names: str) -> str:
        found = [f"{known[name]:.0f}" if name in known else "--" for name in names]
        return "/".join(found) if set(found) != {"--"} else ""

    qtc = next((name for name in ("qtcb", "qtc", "qtcf") if name in known), "qtc")
    values = {
        _word("hr", look): (shown("hr"), "bpm"),
        _word("pr", look): (shown("pr"), "ms"),
        _word("qrs", look): (shown("qrs"), "ms"),
        _word("qt", look): (shown("qt", qtc), "ms"),
        _word("axes", look): (shown("p_axis", "qrs_axis", "t_axis"), "°"),
    }
    return {key: f"{value} {unit}" for key, (value, unit) in values.items() if value}


def _footer(record: EcgRecord, look: Look, page: Page, pages: int, room: Room) -> list[Text]:
    """Scale, filters, device, page."""
    filters = look.filters
    through = f"{_word('filter', look)} {filters.words()}" if filters is not None else _word("raw", look)
    stored = _stored_filters(record, look)
    device = " ".join(part for part in (record.device.manufacturer, record.device.model) if part)
    parts = [f"{look.speed:g} mm/s", f"{look.gain:g} mm/mV", through, stored, f"{record.sampling_hz:g} Hz"]
    parts += [f"{_word('device', look)} {device}" if device else ""]
    if pages == 1 and record.seconds - page.start > page.seconds + 0.05:
        parts.append(_word("part", look).format(page.seconds, record.seconds))
    parts += [_word("from", look).format(page.start) if pages > 1 or page.start else ""]
    y = room.top + room.height + 4.5
    left = Text(room.left, y, "   ".join(part for part in parts if part), 8, most_mm=room.width - 25)
    number = Text(room.left + room.width, y, _word("page", look).format(page.number + 1, pages), 8, align="right")
    return [left, number]


def _stored_filters(record: EcgRecord, look: Look) -> str:
    known = record.filters
    parts = []
    if known.high_pass_hz is not None or known.low_pass_hz is not None:
        low = f"{known.high_pass_hz:g}" if known.high_pass_hz is not None else "?"
        high = f"{known.low_pass_hz:g}" if known.low_pass_hz else "?"
        parts.append(f"{low}–{high} Hz")
    if known.notch_hz:
        parts.append(f"~{known.notch_hz:g} Hz")
    return f"{_word('recorded', look)} {', '.join(parts)}" if parts else ""
