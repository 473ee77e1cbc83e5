"""Words of the checker and their English; knows no Qt."""

from __future__ import annotations

import re
from collections.abc import Mapping

from clients.kit.translations import Language, language, tr, verbatim
from shared.contract.checking import AlarmKind, AlarmView, DismissReason

KINDS: Mapping[AlarmKind, str] = {
    AlarmKind.SIDE: "侧别",
    AlarmKind.SEX: "性别",
    AlarmKind.REMOVED_ORGAN: "已切除器官",
    AlarmKind.UNIT: "单位",
    AlarmKind.MISSING: "缺测量值",
    AlarmKind.CONFLICT: "前后矛盾",
    AlarmKind.PRIOR: "与前次不符",
    AlarmKind.TEMPLATE: "模板残留",
    AlarmKind.TYPO: "错别字",
}
REASONS: Mapping[DismissReason, str] = {
    DismissReason.RIGHT_AS_IS: "原文正确",
    DismissReason.KNOWN: "已知情",
    DismissReason.UNCLEAR: "提示看不懂",
}
_MEANT = re.compile(verbatim(r"“([^”]+)”之误|应为“([^”]+)”"))  # in sentences of the server
_LABEL = re.compile(verbatim(r"“([^”]+)”"))
_ASKED = verbatim("请")  # sentences about empty fields begin so
_ENGLISH_WHY: Mapping[AlarmKind, str] = {
    AlarmKind.SIDE: "The side does not agree with the request, the findings or the impression.",
    AlarmKind.SEX: "This does not fit the patient's sex.",
    AlarmKind.REMOVED_ORGAN: "The organ was removed earlier and is described as present.",
    AlarmKind.UNIT: "The unit or the size is doubtful.",
    AlarmKind.MISSING: "A measurement is asked for and not given.",
    AlarmKind.CONFLICT: "Findings and impression contradict each other.",
    AlarmKind.PRIOR: "This does not agree with the earlier report.",
    AlarmKind.TEMPLATE: "A remnant of a template.",
    AlarmKind.TYPO: "Perhaps misspelt.",
}


def kind_words(alarm: AlarmView) -> str:
    """The kind of an alarm in the language of the moment."""
    return tr("结构化表单") if alarm.path else tr(KINDS[alarm.kind])


def why_words(alarm: AlarmView) -> str:
    """Why an alarm was raised: the server's sentence in Chinese, a general one with its words in English."""
    if language() is not Language.ENGLISH:
        return alarm.why
    if alarm.path:
        return _gap_words(alarm)
    meant = _MEANT.search(alarm.why)
    if alarm.kind is AlarmKind.TYPO and meant:
        return f"Perhaps “{meant[1] or meant[2]}” is meant."
    return _ENGLISH_WHY[alarm.kind]


def _gap_words(alarm: AlarmView) -> str:
    named = _LABEL.search(alarm.why)
    label = named[1] if named else alarm.path
    if alarm.why.startswith(_ASKED):
        return f"The field “{label}” is required and empty."
    return f"The value of “{label}” is not possible."
