"""What a template left behind, and measures that it asked for and nobody gave."""

# ruff: noqa: E501 a pattern is read as one line
from __future__ import annotations

import re
from collections.abc import Iterator

from server.reporting.checker.clauses import NUMBER, asserted, sentences
from server.reporting.checker.subject import Alarm, AlarmKind, Subject

_REMNANTS = re.compile(
    r"_{2,}|＿+|【[^】\d]{0,12}(?:选择|填写|输入|描述|部位|大小|侧别|左右|数值)?[^】\d]{0,12}】|\[\s*[^\]\d]{0,16}\s*\]|\{[^}]{0,24}\}|<[^<>\d]{1,16}>|〔\s*〕|［\s*］"
    r"|[（(]\s*[)）]|[×xX]{2,}(?!\d)|×(?=[侧叶段部区级])|\*{2,}|#{1,}[^#\s]{0,8}#{1,}|\${1,2}[^$\s]{0,12}\${1,2}|@{2,}|%[sd]|…{2,}|\.{4,}|\?{2,}|？{2,}|□|■"
    r"|请(?:选择|填写|输入)(?!.{0,4}方案)|待(?:填|补充|完善)|此处(?:填写|输入|描述)|点击(?:此处|输入|选择)|(?:左|左侧)\s*[/／]\s*(?:右|右侧)(?:\s*[/／]\s*双侧?)?(?!心)|[有无是否见]\s*[/／]\s*(?:无|有|否|是|未见)"
    r"|(?:轻度?|中度?|重度?)\s*[/／]\s*(?:轻|中|重)度?|(?:上|中|下)\s*[/／]\s*(?:上|中|下)叶?|(?:增大|缩小|阳性|阴性|光滑|清楚)\s*[/／]\s*(?:缩小|增大|阴性|阳性|毛糙|不清楚?)"
    r"|\b(?:TODO|TBD|FIXME|N/?A|XXX+|lorem ipsum|insert (?:text )?here|select one|placeholder)\b|模板(?:名称|内容|文字)",
    re.IGNORECASE,
)
_NOT_A_REMNANT = re.compile(r"^[xX×]{2}$")
_CHROMOSOME = re.compile(r"4[5-7],?\s*$")

_MEASURES = r"大小|直径|长径|短径|横径|前后径|上下径|左右径|最大径|内径|外径|管径|厚度|壁厚|厚径|深度|最深|宽度|宽径|范围|面积|体积|容积|CT值|角度?|移位|突出|间距|距离|长度|[厚宽长深高](?=约)"
_MEASURE_WITHOUT_NUMBER = re.compile(
    rf"(?:{_MEASURES})\s*(?:分别)?(?:约为|约|为|达|是|：|:)?\s*(?:[×xX*]\s*)*(?:(?:mm|cm|毫米|厘米|㎜|㎝|HU|Hu|ml|mL|毫升|度|°)|(?:(?<=约)|(?<=约为))\s*(?=[，,。；;、\n]|$))"
)
_SINGLE = {"结节", "肿块", "动脉瘤"}
_SINGLE_BLOOD = re.compile(r"血肿")
_TOO_MANY_TO_MEASURE = re.compile(
    r"多发|散在|弥漫|数个|多个|多枚|数枚|两枚|微小|粟粒|小结节|微结节|点状|磨玻璃样?小|钙化|样改变|大小不[一等]|multiple|scattered|tiny|punctate|micro",
    re.IGNORECASE,
)
_ANY_NUMBER = re.compile(
    rf"(?:约|为|达|径|:|：|about|of|measur\w*)\s*{NUMBER}|{NUMBER}\s*(?:mm|cm|毫米|厘米|㎜|㎝|[×xX*])", re.IGNORECASE
)
_NO_LENGTH = re.compile(
    rf"(?:前片|前次|上次|原)[^，。；]{{0,6}}{NUMBER}\s*(?:mm|cm)?|(?:CT值|密度|SUV\w*|TI-?RADS|BI-?RADS|LI-?RADS|PI-?RADS|ADC值?)\s*(?:约为|约|为|:|：)?\s*-?{NUMBER}\s*(?:HU)?",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"(?:结节|肿块|动脉瘤|血肿)影?$|见|示|有|可及|探及|发现|提示|there is|seen|shows?|demonstrat|\ba\b|\ban\b",
    re.IGNORECASE,
)


def remnants(subject: Subject) -> Iterator[Alarm]:
    """Blanks, unresolved choices and instructions of a template."""
    for name, text in (("影像所见", subject.findings), ("诊断意见", subject.impression)):
        for match in _REMNANTS.finditer(text):
            words = match[0]
            if _NOT_A_REMNANT.match(words) and _CHROMOSOME.search(text[: match.start()]):
                continue
            yield Alarm(AlarmKind.TEMPLATE, words, f"{name}里留有模板的占位文字“{words}”，请填写或删除。")


def measures(subject: Subject) -> Iterator[Alarm]:
    """Empty parts, measures named without a number, single lesions of which no size is given."""
    if not subject.findings.strip():
        yield Alarm(AlarmKind.MISSING, "", "影像所见为空，请填写。")
    if not subject.impression.strip():
        yield Alarm(AlarmKind.MISSING, "", "诊断意见为空，请填写。")
    for text in (subject.findings, subject.impression):
        for match in _MEASURE_WITHOUT_NUMBER.finditer(text):
            yield Alarm(AlarmKind.MISSING, match[0], f"“{match[0].strip()}”没有数值，请补充测量。")
    yield from _unmeasured(subject.findings)


def _unmeasured(findings: str) -> Iterator[Alarm]:
    parts = sentences(findings)
    told: set[int] = set()
    for mention in asserted(findings):
        if mention.lesion not in _SINGLE and not (mention.lesion == "出血" and _SINGLE_BLOOD.search(mention.words)):
            continue
        if mention.sentence in told or mention.is_history or mention.is_unsure or not _NAMED.search(mention.words):
            continue
        sentence = parts[mention.sentence]
        after = parts[mention.sentence + 1] if mention.sentence + 1 < len(parts) else ""
        if (
            _TOO_MANY_TO_MEASURE.search(sentence)
            or _MEASURE_WITHOUT_NUMBER.search(sentence)
            or _REMNANTS.search(sentence)
        ):
            continue
        if _ANY_NUMBER.search(_NO_LENGTH.sub("", sentence)) or _ANY_NUMBER.search(_NO_LENGTH.sub("", after)):
            continue
        told.add(mention.sentence)
        yield Alarm(AlarmKind.MISSING, mention.words, f"“{mention.words}”没有给出大小，请补充测量值。")
