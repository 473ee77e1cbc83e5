"""The checker of reports on screen: alarms while writing, dismissals, switches, words and how useful it all is."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Query
from shared.domain.permissions import Permission
from shared.domain.structured import FormContent


class AlarmKind(StrEnum):
    """What an alarm is about; the words are those of `mingjing report check`."""

    SIDE = "side"
    SEX = "sex"
    REMOVED_ORGAN = "removed-organ"
    UNIT = "unit"
    MISSING = "missing"
    CONFLICT = "conflict"
    PRIOR = "prior"
    TEMPLATE = "template"
    TYPO = "typo"


class DismissReason(StrEnum):
    """Why a doctor sets an alarm aside."""

    RIGHT_AS_IS = "right_as_is"  # 原文正确
    KNOWN = "known"  # 已知情, such as a variant of anatomy
    UNCLEAR = "unclear"  # 提示看不懂
    OTHER = "other"


class AlarmView(msgspec.Struct, frozen=True, kw_only=True):
    """One doubt. `start` and `end` count characters of the plain text of `field`; both 0 when it has no place."""

    kind: AlarmKind
    text: str  # the words that raise it; empty for what is missing altogether
    why: str
    field: str  # findings or impression
    start: int = 0
    end: int = 0
    path: str = ""  # of a field of the structured form that is empty or impossible; `text` is then the sentence


class CheckText(Query[tuple[AlarmView, ...]], frozen=True, kw_only=True):
    """What a second reader would doubt in a text that is being written; without kinds switched off and set aside.

    Texts may be rich or plain. What the form lacks is of the kind MISSING. At most 40 alarms.
    Refusals: NOT_FOUND, TOO_LARGE.
    """

    method = "checking.check"
    permission = Permission.REPORT
    audit = AuditClass.ROUTINE

    report_id: int
    findings: str
    impression: str
    form: FormContent | None = None


class NoteAlarms(Command[Nothing], frozen=True, kw_only=True):
    """The doctor sees these alarms now: new ones are counted as shown, open ones that are gone as corrected.

    Repeating it changes nothing. Refusals: NOT_FOUND, INVALID.
    """

    method = "checking.note"
    permission = Permission.REPORT
    audit = AuditClass.ROUTINE

    report_id: int
    alarms: tuple[AlarmView, ...] = ()


class DismissAlarm(Command[Nothing], frozen=True, kw_only=True):
    """Set an alarm of a report aside with a reason; it does not come back for this report.

    Refusals: NOT_FOUND, INVALID (a reason "other" without a note).
    """

    method = "checking.dismiss"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    report_id: int
    kind: AlarmKind
    text: str
    why: str = ""
    reason: DismissReason
    note: str = ""


class CheckerSwitches(msgspec.Struct, frozen=True, kw_only=True):
    """Kinds that are off for one exam type; the exam type "" stands for all."""

    exam_type: str
    off: tuple[AlarmKind, ...] = ()


class GetCheckerSwitches(Query[tuple[CheckerSwitches, ...]], frozen=True, kw_only=True):
    """All exam types that have something off."""

    method = "checking.switches"
    permission = Permission.ADMINISTER
    audit = AuditClass.ROUTINE


class SaveCheckerSwitches(Command[CheckerSwitches], frozen=True, kw_only=True):
    """Replace what is off for one exam type."""

    method = "checking.save_switches"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    exam_type: str
    off: tuple[AlarmKind, ...] = ()


class CheckerWord(msgspec.Struct, frozen=True, kw_only=True):
    """A word of the house: with `right` a slip and what is meant, without it a word that is spelt right here."""

    id: int
    word: str
    right: str = ""
    added_by: str = ""


class ListCheckerWords(Query[tuple[CheckerWord, ...]], frozen=True, kw_only=True):
    """The words of the house in the order of their characters."""

    method = "checking.words"
    permission = Permission.ADMINISTER
    audit = AuditClass.ROUTINE


class SaveCheckerWord(Command[CheckerWord], frozen=True, kw_only=True):
    """Add a word (id 0) or change one. Refusals: INVALID, DUPLICATE, NOT_FOUND."""

    method = "checking.save_word"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    id: int = 0
    word: str
    right: str = ""


class AddCheckerWords(Command[int], frozen=True, kw_only=True):
    """Add many, one a line: a word, or a slip and what is meant with a space between; the count of new ones.

    Lines that are there already are left. Refusals: INVALID (names the first line that cannot be read).
    """

    method = "checking.add_words"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    lines: str


class RemoveCheckerWord(Command[Nothing], frozen=True, kw_only=True):
    """Take a word out. Refusals: NOT_FOUND."""

    method = "checking.remove_word"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    id: int


class KindUse(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the alarms of one kind; `still_open` are in reports that are being written."""

    kind: AlarmKind
    shown: int
    corrected: int
    dismissed: int
    overruled: int  # submitted in spite of it
    still_open: int
    reasons: dict[str, int] = {}  # of dismissals, by DismissReason
    doctors: dict[str, int] = {}  # dismissals by doctor
    notes: tuple[str, ...] = ()  # the newest, at most 5


class GetCheckerUse(Query[tuple[KindUse, ...]], frozen=True, kw_only=True):
    """How useful the alarms were in some days (of the hospital's time zone, ends included), every kind once."""

    method = "checking.use"
    permission = Permission.ADMINISTER
    audit = AuditClass.ROUTINE

    first: date | None = None
    last: date | None = None
    exam_type: str = ""
