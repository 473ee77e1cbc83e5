"""`mingjing ecg`: the workstation; `measure`, `check`, `convert` and `print` records of any format without a window."""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.waveform.measuring import Analysis
    from shared.waveform.quality import Quality
    from shared.waveform.record import EcgRecord

_ELSEWHERE = {
    "convert": "mingjing.ecg_convert",
    "print": "mingjing.ecg_print",
    "simulate": "mingjing.ecg_simulate",
    "line": "mingjing.ecg_line",
}
_HELP = """\
usage: mingjing ecg                                         the workstation
       mingjing ecg measure FILE… [--json] [--lang zh|en]   beats, intervals, axes, quality
       mingjing ecg check FILE… [--json] [--lang zh|en]     quality gate; exit status 1 when a record fails
       mingjing ecg convert FILE …                          to another format
       mingjing ecg print FILE …                            PDF to scale
       mingjing ecg simulate FILE… --tcp PORT | --serial PORT | --folder DIR   a recorder that plays records
       mingjing ecg line --folder DIR …                     watch a folder and send what comes (store and forward)

FILE is DICOM ECG, SCP-ECG, HL7 aECG, MUSE XML, Philips XML, MFER, EDF+, BDF, WFDB (.hea), ISHNE, Contec or CSV.
"""


def main(arguments: list[str]) -> int:
    """Run the word; returns 0, 1 when a record fails the gate, 2 when a file cannot be read."""
    word, rest = (arguments[0], arguments[1:]) if arguments else ("help", [])
    if word in _ELSEWHERE:
        status: int = import_module(_ELSEWHERE[word]).main(rest)
        return status
    if word == "measure":
        return _over_files("measure", rest, _measured, _tell_measured)
    if word == "check":
        return _over_files("check", rest, _checked, _tell_checked)
    if word in {"help", "-h", "--help"} and (rest or arguments or not _workstation()):
        print(_HELP, end="")
        return 0
    if _workstation():
        opened: int = import_module("clients.ecg.__main__").main(arguments)
        return opened
    print(_HELP, end="", file=sys.stderr)
    return 2


def _workstation() -> bool:
    """Whether this installation has the ECG workstation, which the word opens when nothing else is asked."""
    return find_spec("clients.ecg") is not None


def _over_files(
    word: str,
    arguments: list[str],
    answer_of: Callable[[EcgRecord, str], dict[str, Any]],
    tell: Callable[[dict[str, Any], str], None],
) -> int:
    """Answer for each file; one answer is one JSON object, several are a list of objects with ``file``."""
    parser = argparse.ArgumentParser(prog=f"mingjing ecg {word}")
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--json", action="store_true", help="answer as JSON (default: a table for people)")
    parser.add_argument("--lang", choices=("zh", "en"), default="zh", help="language of sentences")
    options = parser.parse_args(arguments)
    answers, failed, unreadable = [], False, False
    for name in options.files:
        record = _read(name)
        if record is None:
            unreadable = True
            continue
        answer = {"file": name, **answer_of(record, options.lang)}
        failed = failed or (word == "check" and not answer["passed"])
        if not options.json:
            tell(answer, options.lang)
        answers.append(answer)
    if options.json and answers:
        single = answers[0] if len(options.files) == 1 else answers
        print(json.dumps(single, ensure_ascii=False, indent=1))
    return 2 if unreadable else int(failed)


def _read(name: str) -> EcgRecord | None:
    from shared.waveform import formats

    try:
        return formats.read(Path(name))
    except (formats.EcgFormatError, OSError, ValueError) as error:
        print(f"mingjing ecg: {name}: {error}", file=sys.stderr)
        return None


def _measured(record: EcgRecord, language: str) -> dict[str, Any]:
    from shared.waveform import quality, statements
    from shared.waveform.measuring import analyse

    analysis = analyse(record)
    verdict = quality.check(record, analysis)
    measured = analysis.measurements
    return {
        "sampling_hz": record.sampling_hz,
        "beats": [_points(beat) for beat in analysis.delineation.beats],
        "median": {
            "hr_bpm": measured.hr_bpm,
            "pr_ms": measured.pr_ms,
            "qrs_ms": measured.qrs_ms,
            "qt_ms": measured.qt_ms,
            "qtc_ms": measured.qtc.bazett if measured.qtc else None,
            "axes_deg": {"p": measured.axes.p, "qrs": measured.axes.qrs, "t": measured.axes.t},
        },
        "quality": _per_lead(verdict),
        "details": _details(record, analysis),
        "findings": _findings(verdict, language),
        "suggestions": [
            {"code": each.code, "text": each.text(language), "reason": each.reason(language)}
            for each in statements.suggest(record, analysis)
        ],
    }


def _points(beat: Any) -> dict[str, float | None]:
    from shared.waveform.beats import POINTS

    return {name: getattr(beat, name) for name in POINTS}


def _per_lead(verdict: Quality) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        lead: {
            "score": measures.score,
            "ok": not any(finding.severity == "fail" for finding in verdict.of_lead(lead)),
            "faults": [finding.fault.value for finding in verdict.of_lead(lead)],
            **asdict(measures),
        }
        for lead, measures in verdict.leads.items()
    }


def _details(record: EcgRecord, analysis: Analysis) -> dict[str, Any]:
    """What the fixed keys have no place for: classes, formulas, amplitudes, confidence, variability."""
    from dataclasses import asdict

    measured = analysis.measurements
    return {
        "seconds": round(record.seconds, 3),
        "leads": list(record.leads),
        "leads_used": list(analysis.delineation.leads),
        "p_waves": measured.p_waves,
        "atrial_bpm": measured.atrial_bpm,
        "classes": [beat.kind.value for beat in analysis.delineation.beats],
        "shapes": [beat.shape for beat in analysis.delineation.beats],
        "spikes_ms": list(analysis.delineation.spikes_ms),
        "counts": {kind.value: count for kind, count in measured.counts.items()},
        "rr_ms": measured.rr_ms,
        "rr_min_ms": measured.rr_min_ms,
        "rr_max_ms": measured.rr_max_ms,
        "irregularity": measured.irregularity,
        "p_ms": measured.p_ms,
        "qtc_formula": "bazett",
        "qtc_ms": asdict(measured.qtc) if measured.qtc else None,
        "confidence": measured.confidence,
        "hypertrophy": asdict(measured.hypertrophy),
        "amplitudes": {lead: asdict(each) for lead, each in measured.amplitudes.items()},
        "hrv": asdict(measured.hrv) if measured.hrv else None,
    }


def _findings(verdict: Quality, language: str) -> list[dict[str, Any]]:
    from shared.waveform.quality_words import sentence

    return [
        {
            "fault": finding.fault.value,
            "severity": finding.severity.value,
            "leads": list(finding.leads),
            "value": finding.value,
            "limit": finding.limit,
            "unit": finding.unit,
            "detail": finding.detail,
            "text": sentence(finding, language),
        }
        for finding in verdict.findings
    ]


def _checked(record: EcgRecord, language: str) -> dict[str, Any]:
    from shared.waveform import quality

    verdict = quality.check(record)
    return {"passed": verdict.passed, "findings": _findings(verdict, language), "quality": _per_lead(verdict)}


_LABELS = {
    "zh": {
        "hr_bpm": ("心率", "次/分"),
        "p_ms": ("P 波时限", "ms"),
        "pr_ms": ("PR 间期", "ms"),
        "qrs_ms": ("QRS 时限", "ms"),
        "qt_ms": ("QT 间期", "ms"),
        "beats": ("心搏", ""),
        "no_p": "未见 P 波",
        "axes": "电轴 P / QRS / T",
        "passed": "质量合格",
        "failed": "质量不合格，请重新采集",
        "suggestion": "建议（请医生确认）",
    },
    "en": {
        "hr_bpm": ("heart rate", "1/min"),
        "p_ms": ("P duration", "ms"),
        "pr_ms": ("PR interval", "ms"),
        "qrs_ms": ("QRS duration", "ms"),
        "qt_ms": ("QT interval", "ms"),
        "beats": ("beats", ""),
        "no_p": "no P wave",
        "axes": "axes P / QRS / T",
        "passed": "good enough to be read",
        "failed": "not good enough: record again",
        "suggestion": "suggestion, to be confirmed",
    },
}


def _tell_measured(answer: dict[str, Any], language: str) -> None:
    labels = _LABELS[language]
    median, details = answer["median"], answer["details"]
    print(answer["file"])

    def line(label: str, value: Any, unit: str = "") -> None:
        shown = "–" if value is None else f"{value:g}" if isinstance(value, float) else value
        print(f"  {label:<18}{shown} {unit}".rstrip())

    line(*(labels["beats"][0], len(answer["beats"])))
    for key, source in (
        ("hr_bpm", median),
        ("p_ms", details),
        ("pr_ms", median),
        ("qrs_ms", median),
        ("qt_ms", median),
    ):
        line(labels[key][0], source[key], labels[key][1])
    if answer["beats"] and not details["p_waves"]:
        print(f"  {labels['no_p']}")
    for formula, value in (details["qtc_ms"] or {}).items():
        line(f"QTc {formula.title()}", value, "ms")
    axes = " / ".join("–" if each is None else f"{each}°" for each in median["axes_deg"].values())
    line(str(labels["axes"]), axes)
    for each in answer["suggestions"]:
        print(f"  {labels['suggestion']}: {each['text']} ({each['reason']})")
    for finding in answer["findings"]:
        print(f"  ! {finding['text']}")


def _tell_checked(answer: dict[str, Any], language: str) -> None:
    labels = _LABELS[language]
    print(f"{answer['file']}: {labels['passed' if answer['passed'] else 'failed']}")
    for finding in answer["findings"]:
        print(f"  {'!!' if finding['severity'] == 'fail' else ' !'} {finding['text']}")
