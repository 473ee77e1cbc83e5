"""What the findings deny with the very words of the impression, and the other way round."""

from __future__ import annotations

import re
from collections.abc import Iterator

from server.reporting.checker.clauses import clauses
from server.reporting.checker.knowledge import HEDGED, may_concern
from server.reporting.checker.subject import Alarm, AlarmKind, Subject

_GRAFT = re.compile(
    r"((?:LIMA|RIMA|SVG|RA|[左右]?桥|[左右]侧?支架)\s*[-—－至]\s*[A-Z0-9]{2,4})[^，。；、]{0,14}?(通畅|闭塞|狭窄|未见显影|不显影)"
)


_STATE = {"通畅": True}


def grafts(subject: Subject) -> Iterator[Alarm]:
    """Each graft by its name: open in one part and blocked in the other."""
    found = {match[1]: (match[2] in _STATE, match[0]) for match in _GRAFT.finditer(subject.findings)}
    for match in _GRAFT.finditer(subject.impression):
        there = found.get(match[1])
        if there and there[0] is not (match[2] in _STATE):
            why = f"诊断意见写“{match[0]}”，影像所见却写“{there[1]}”，请核对。"
            yield Alarm(AlarmKind.CONFLICT, match[0], why)
            return


# A sign that the findings deny in so many words, and no other name of which they use.
_DENIED = re.compile(
    r"(?:未见|未行|未探及|(?<![有])无)(?:明显|明确|确切|显著|异常)?([一-鿿]{3,10}?|侵蚀|强直|空洞|坏死|钙化|囊变|毛刺|破坏|种植|播散)(?=$|[，。；、及或])|(?<=[，。；])([一-鿿]{2,5})未见(?=$|[，。；])"
)


_GENERAL = re.compile(r"异常|明显|改变|占位|病变|增大|肿大|信号|密度|回声|变化|其他|特殊|征象|结构")


_NEAR = re.compile(r"(?:周围?|旁|伴|并|及)[^，。；]{0,4}(水肿|出血|坏死|钙化|囊变|脓肿|瘘|血肿|积气|渗出)")


_NONE_NEAR = re.compile(
    r"(?:周围?|旁)[^，。；]{0,4}(?:未见|无)[^，。；]{0,4}(水肿|出血|坏死|钙化|囊变|脓肿|瘘|血肿|积气|渗出)"
)


def denied_word_for_word(subject: Subject) -> Iterator[Alarm]:
    """The impression asserts what the findings deny with the very words ("no gas in the portal vein")."""
    for told in clauses(subject.impression):
        if HEDGED.search(told.text):
            continue
        for one in clauses(subject.findings):
            for match in _DENIED.finditer(one.text):
                name = match[1] or match[2]
                if (
                    (_GENERAL.search(name) and not name.endswith("征"))
                    or name not in told.text
                    or not may_concern(told, one)
                ):
                    continue
                others = subject.findings.replace(one.text, "")
                if name in others and not re.search(rf"(?:未见|无)[^，。；]{{0,6}}{name}", others):
                    continue
                why = f"诊断意见写“{told.text}”，影像所见却写“{one.text}”，请核对。"
                yield Alarm(AlarmKind.CONFLICT, told.text, why)
                return
            near, none = _NEAR.search(told.text), _NONE_NEAR.search(one.text)
            if near and none and near[1] == none[1] and subject.findings.count(near[1]) == 1:
                why = f"诊断意见写“{told.text}”，影像所见却写“{one.text}”，请核对。"
                yield Alarm(AlarmKind.CONFLICT, told.text, why)
                return


# What an impression denies, and the findings assert.
_DENIED_DIAGNOSES = tuple(
    (re.compile(told), re.compile(shown))
    for told, shown in (
        (r"未见(?:明确|明显|确切)?(?:肿瘤)?复发", r"新[见发增][^，。；]{0,10}(?:结节|肿块|病灶|强化)"),
        (
            r"颅内?(?:CT平扫|平扫)?(?:颅内)?未见(?:明显|明确)?[^，。；]{0,4}出血",
            r"内板下[^，。；]{0,8}高密度|(?:梭形|新月形|团状|肾形)[^，。；]{0,3}高密度",
        ),
        (r"(?:未见|无)(?:明显|明确)?气胸", r"无肺纹理(?!缺失)|肺组织?(?:受压|被?压缩)约|压缩约?\d+\s*[%％]"),
        (r"未见(?:明显)?内漏", r"(?<!未见)(?<!无)(?<!未见明显)内漏|瘤腔[^，。；无未]{0,4}(?:显影|强化)"),
        (r"未见(?:明显|明确)?进展|疾病稳定|(?<![A-Z])SD(?![A-Z])", r"新[见发增][^，。；]{0,10}(?:结节|肿块|病灶|转移)"),
    )
)


_SITE = re.compile(r"吻合口|残端|术区|切缘|断面|胸壁|瘤床|消融[区灶]|局部")


def denied_yet_shown(subject: Subject) -> Iterator[Alarm]:
    """ "No recurrence", and a new nodule in the findings."""
    for told in clauses(subject.impression):
        for denial, shown in _DENIED_DIAGNOSES:
            if not denial.search(told.text):
                continue
            site = _SITE.search(told.text)
            for one in clauses(subject.findings):
                if site and site[0] not in one.text:
                    continue
                if shown.search(one.text) and may_concern(told, one) and not re.search(r"未见|未发现", one.text):
                    why = f"诊断意见写“{told.text}”，影像所见却写“{one.text}”，请核对。"
                    yield Alarm(AlarmKind.CONFLICT, told.text, why)
                    return
