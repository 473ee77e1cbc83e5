"""Names of pathology's reports: kinds, states, formats on paper, concordance, formats of batches and of files."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from shared.domain.pathology import LibraryKind, Word

FIRST_REPORT_ID = 1_000_000_001
"""Ids of pathology reports count from here, so that a report's id means one report in the whole suite: results,
signatures, critical values and documents keep it beside the ids of imaging reports."""


class ReportKind(StrEnum):
    """The papers that leave a case."""

    MAIN = "main"
    FROZEN = "frozen"
    SUPPLEMENTARY = "supplementary"
    CONSULTATION = "consultation"


REPORT_KINDS = {
    ReportKind.MAIN: Word("病理诊断报告", "Pathology report"),
    ReportKind.FROZEN: Word("冰冻报告", "Frozen report"),
    ReportKind.SUPPLEMENTARY: Word("补充报告", "Supplementary report"),
    ReportKind.CONSULTATION: Word("会诊报告", "Consultation report"),
}


class PaperState(StrEnum):
    """Where one report stands; the main report goes with the state of its case."""

    WRITING = "writing"
    AUDITED = "audited"
    PRINTED = "printed"
    SENT = "sent"


PAPER_STATES = {
    PaperState.WRITING: Word("书写中", "Being written"),
    PaperState.AUDITED: Word("已审核", "Approved"),
    PaperState.PRINTED: Word("已打印", "Printed"),
    PaperState.SENT: Word("已发送", "Sent"),
}


class PaperAction(StrEnum):
    """What can be done to a report that is not the main one; the main report follows `CaseAction`."""

    WRITE = "write"
    AUDIT = "audit"
    REOPEN = "reopen"
    PRINT = "print"
    SEND = "send"


class Concordance(StrEnum):
    """The frozen diagnosis against the one on permanent sections (EX-PA-04)."""

    AGREES = "agrees"
    PARTLY = "partly"
    DISAGREES = "disagrees"
    DEFERRED = "deferred"


CONCORDANCES = {
    Concordance.AGREES: Word("符合", "Agrees"),
    Concordance.PARTLY: Word("部分符合", "Partly"),
    Concordance.DISAGREES: Word("不符合", "Disagrees"),
    Concordance.DEFERRED: Word("冰冻未定性，待石蜡", "Deferred to permanent sections"),
}


class FrozenStep(StrEnum):
    """The moments of a frozen section that are kept to the minute."""

    RECEIVED = "received"
    SECTIONED = "sectioned"
    READ = "read"
    REPORTED = "reported"


FROZEN_STEPS = {
    FrozenStep.RECEIVED: Word("收到标本", "Specimen received"),
    FrozenStep.SECTIONED: Word("切片完成", "Sections ready"),
    FrozenStep.READ: Word("开始阅片", "Reading started"),
    FrozenStep.REPORTED: Word("结果发出", "Result given"),
}


class FormatMode(StrEnum):
    """How a batch chooses the format of each report (PA-BAT-03 to -05)."""

    ONE = "one"
    OWN = "own"
    BY_IMAGES = "by_images"


FORMAT_MODES = {
    FormatMode.ONE: Word("指定报告格式", "One format for all"),
    FormatMode.OWN: Word("自定义报告格式", "The format set for each case"),
    FormatMode.BY_IMAGES: Word("自动选择报告格式", "By the number of images"),
}


class FileFormat(StrEnum):
    """Formats of 报告输出 (PA-RPT-06)."""

    PDF = "pdf"
    PNG = "png"
    HTML = "html"
    DOCX = "docx"


class Urgency(StrEnum):
    """How a clock stands; screens show a colour, a glyph and the words."""

    NONE = "none"
    CALM = "calm"
    SOON = "soon"
    OVERDUE = "overdue"
    MET = "met"
    MISSED = "missed"


URGENCIES = {
    Urgency.NONE: Word("无时限", "No target"),
    Urgency.CALM: Word("时限内", "Within the target"),
    Urgency.SOON: Word("将超时", "Nearly overdue"),
    Urgency.OVERDUE: Word("已超时", "Overdue"),
    Urgency.MET: Word("按时完成", "On time"),
    Urgency.MISSED: Word("超时完成", "Late"),
}


class ReportFormat(msgspec.Struct, frozen=True, kw_only=True):
    """One 报告格式: for which kind of report and library, how many images it has room for, and its paper."""

    key: str
    zh: str
    en: str
    kind: ReportKind
    slots: int
    cytology: bool = False

    def fits(self, kind: ReportKind, library: LibraryKind) -> bool:
        """Whether it may be chosen for a report of this kind in a library of this kind."""
        is_cytology = library in (LibraryKind.CYTOLOGY, LibraryKind.LIQUID)
        return kind is self.kind and (kind is not ReportKind.MAIN or is_cytology is self.cytology)


def _formats(
    kind: ReportKind, stem: str, zh: str, en: str, slots: tuple[int, ...], *, cytology: bool = False
) -> tuple[ReportFormat, ...]:
    return tuple(
        ReportFormat(
            key=f"{stem}_{count}",
            zh=f"{zh}（无图）" if not count else f"{zh}（{count} 图）",
            en=f"{en}, no images" if not count else f"{en}, {count} image{'s' if count > 1 else ''}",
            kind=kind,
            slots=count,
            cytology=cytology,
        )
        for count in slots
    )


FORMATS: tuple[ReportFormat, ...] = (
    *_formats(ReportKind.MAIN, "routine", "常规报告", "Routine report", (0, 1, 2, 4, 6)),
    *_formats(ReportKind.MAIN, "cytology", "细胞学报告", "Cytology report", (0, 1, 2, 4), cytology=True),
    *_formats(ReportKind.FROZEN, "frozen", "冰冻报告", "Frozen report", (0, 2)),
    *_formats(ReportKind.SUPPLEMENTARY, "supplementary", "补充报告", "Supplementary report", (0, 2, 4)),
    *_formats(ReportKind.CONSULTATION, "consultation", "会诊报告", "Consultation report", (0, 2, 4)),
)


MOST_SLOTS = max(one.slots for one in FORMATS)


def formats_for(kind: ReportKind, library: LibraryKind) -> tuple[ReportFormat, ...]:
    """Return the formats that fit, fewest images first."""
    return tuple(one for one in FORMATS if one.fits(kind, library))


def format_by_images(kind: ReportKind, library: LibraryKind, images: int, most: int | None = None) -> ReportFormat:
    """Return the smallest format that has room for so many images, the largest where none has (PA-BAT-05).

    `most`: the department's rule, how many images are printed where nobody chose a format; more do not count.
    """
    fitting = [one for one in formats_for(kind, library) if most is None or one.slots <= most]
    return next((one for one in fitting if one.slots >= images), fitting[-1])


def format_of(key: str) -> ReportFormat | None:
    """Return a format by its key."""
    return next((one for one in FORMATS if one.key == key), None)


_WORDS = (REPORT_KINDS, PAPER_STATES, CONCORDANCES, FROZEN_STEPS, FORMAT_MODES, URGENCIES)
ENGLISH: dict[str, str] = {
    **{word.zh: word.en for words in _WORDS for word in words.values()},
    **{one.zh: one.en for one in FORMATS},
}
"""Every Chinese label of this module → its English."""
