"""`mingjing ecg print`: a record as vector PDF on true paper scale."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from shared.waveform.layouts import ALL, DEFAULT, LAYOUTS, LayoutError

if TYPE_CHECKING:
    from shared.waveform.filters import FilterSettings
    from shared.waveform.paper import Look
    from shared.waveform.record import EcgRecord

_HELP = """\
--filter takes words joined by commas: none (default: as recorded), diagnostic (0.05-150), LOW-HIGH in Hz as 0.5-40,
50hz or 60hz (mains), muscle (35 Hz), baseline (wander).

examples
  mingjing ecg print a.dcm --out a.pdf
  mingjing ecg print a.scp --out a.pdf --layout 6x2+1R --gain 5 --filter 0.15-100,50hz --lang en
"""


def main(arguments: list[str]) -> int:
    """Run the word; returns 0, 1 when the record cannot be laid out so, 2 when a file cannot be read or written."""
    parser = argparse.ArgumentParser(
        prog="mingjing ecg print",
        description="Print an ECG record to scale.",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FILE", help="the record, of any format; of WFDB the .hea file")
    parser.add_argument("--out", required=True, metavar="FILE.pdf")
    parser.add_argument("--layout", default=DEFAULT, choices=(*LAYOUTS, ALL), help=f"default: {DEFAULT}")
    parser.add_argument("--speed", type=float, default=25.0, choices=(12.5, 25.0, 50.0), help="mm/s, default 25")
    parser.add_argument("--gain", type=float, default=10.0, choices=(2.5, 5.0, 10.0, 20.0), help="mm/mV, default 10")
    parser.add_argument("--filter", default="none", metavar="WORDS", help="default: none")
    parser.add_argument("--lang", choices=("zh", "en"), default="zh")
    parser.add_argument("--paper", choices=("a4", "a4-portrait"), default="a4")
    parser.add_argument("--rhythm", default="II", metavar="LEADS", help="rhythm strips, as II or II,V1,V5")
    parser.add_argument("--start", type=float, default=0.0, metavar="S", help="second of the record to begin with")
    parser.add_argument("--seconds", type=float, metavar="S", help="how much of it; default: all")
    options = parser.parse_args(arguments)

    from shared.waveform import formats, paper_pdf

    try:
        filters = filters_of(options.filter)
        record = formats.read(Path(options.file))
        made = paper_pdf.pdf_of(record, _look(options, filters, record))
        Path(options.out).write_bytes(made)
    except LayoutError as error:
        print(f"mingjing ecg print: {error}", file=sys.stderr)
        return 1
    except (ValueError, OSError) as error:
        print(f"mingjing ecg print: {options.file}: {error}", file=sys.stderr)
        return 2
    print(f"{options.out}: {options.speed:g} mm/s, {options.gain:g} mm/mV")
    return 0


def filters_of(words: str) -> FilterSettings | None:
    """The filter settings of the words; None for none. Raises ValueError."""
    from shared.waveform.filters import FilterSettings

    facts: dict[str, float | bool] = {"high_pass_hz": 0.0, "low_pass_hz": 0.0}
    for word in filter(None, (part.strip().lower() for part in words.split(","))):
        band = re.fullmatch(r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)", word)
        mains = re.fullmatch(r"(50|60)(hz)?", word)
        if word == "diagnostic":
            facts |= {"high_pass_hz": 0.05, "low_pass_hz": 150.0}
        elif band:
            facts |= {"high_pass_hz": float(band.group(1)), "low_pass_hz": float(band.group(2))}
        elif mains:
            facts["notch_hz"] = float(mains.group(1))
        elif word in ("muscle", "baseline"):
            facts[word] = True
        elif word != "none":
            raise ValueError(f"--filter does not know {word!r}; see --help")
    return FilterSettings(**facts) if any(facts.values()) else None  # type: ignore[arg-type]


def _look(options: argparse.Namespace, filters: FilterSettings | None, record: EcgRecord) -> Look:
    from shared.waveform.paper import Look

    return Look(
        options.layout,
        options.speed,
        options.gain,
        filters,
        options.lang,
        options.paper,
        options.start,
        options.seconds,
        tuple(lead.strip() for lead in options.rhythm.split(",") if lead.strip()),
        values=_measured(record, options.lang),
    )


def _measured(record: EcgRecord, language: str) -> dict[str, str]:
    """Our own values where the file brings none; empty: those of the file."""
    if record.measurements or record.seconds > 120:
        return {}
    from shared.waveform.measuring import analyse

    found = analyse(record).measurements
    if found.hr_bpm is None:
        return {}
    words = {
        "zh": ("心率", "PR 间期", "QRS 时限", "QT/QTc(B)", "P/QRS/T 电轴"),
        "en": ("HR", "PR", "QRS", "QT/QTc(B)", "P/QRS/T axes"),
    }[language]

    def shown(*values: float | None) -> str:
        return "/".join("--" if value is None else f"{value:.0f}" for value in values)

    qtc = found.qtc.bazett if found.qtc else None
    axes = (found.axes.p, found.axes.qrs, found.axes.t)
    texts = (
        f"{found.hr_bpm} bpm",
        f"{shown(found.pr_ms)} ms",
        f"{shown(found.qrs_ms)} ms",
        f"{shown(found.qt_ms, qtc)} ms",
        f"{shown(*axes)} °",
    )
    return dict(zip(words, texts, strict=True))
