"""Organs that the patient's sex does not have, and a sex or an age in the text that is not the patient's."""

# ruff: noqa: E501 a pattern is read as one line
from __future__ import annotations

import re
from collections.abc import Iterator

from server.reporting.checker.subject import Alarm, AlarmKind, Subject
from shared.domain.states import Sex

_FEMALE = re.compile(
    r"隆乳|子宫(?!内膜异位症史)|宫颈|宫腔|宫体|宫底|宫旁|宫内(?:节育|避孕)|节育[环器]|卵巢|输卵管|阴道|附件区|[双左右]侧?附件(?!骨|区?骨|.{0,3}椎)|双附件|附件(?=囊肿|占位|肿块|包块|炎)|卵泡|孕囊|妊娠囊|胎儿|胎盘|胎心|羊水|早孕|妊娠\d+|孕\d+周|孕妇|怀孕|哺乳期|宫内孕|绝经|月经"
    r"|\buter(?:us|ine)\b|\bovar(?:y|ies|ian)\b|\bendometri\w+|\bcervix\b|\bvagina\w*|\badnexa\w*|\bfallopian|\bgravid|\bfetus|\bmyometri\w+",
    re.IGNORECASE,
)
_MALE = re.compile(
    r"前列腺|睾丸|精囊|阴茎|附睾|阴囊|精索|输精管|海绵体(?<=阴茎海绵体)|射精管|\bprostat\w*|\btestic\w*|\btestes\b|\btestis\b|\bseminal vesicle\w*|\bepididym\w*|\bscrot\w+|\bpeni(?:s|le)\b",
    re.IGNORECASE,
)
_OF_ANOTHER = re.compile(
    r"其?母亲?|妻|配偶|姐|妹|女儿|家族|丈夫|父亲|爱人|供[者体肾肝]|mother|sister|family|wife|husband|father",
    re.IGNORECASE,
)
_UNBORN = re.compile(r"胎儿[^。]{0,16}(?:男|阴囊|睾丸|外生殖)|fetal (?:sex|scrot)")
_SPINE = re.compile(r"椎|棘突|颈|骶|腰[1-5]|[CTL]\d")
_HE = re.compile(
    r"(?:患者|病人|患儿)?[，,、\s（(]*(?<![两])男(?:性|，|,|、|孩|童|士)|\b(?:male patient|this man|(?<!fe)male)\b",
    re.IGNORECASE,
)
_SHE = re.compile(r"(?:患者|病人|患儿)?[，,、\s（(]*女(?:性|，|,|、|孩|童|士)|\b(?:female|this woman)\b", re.IGNORECASE)
_YEARS = re.compile(r"(?:患者|病人|男性?|女性?|年龄)[^。；;\n]{0,6}?(\d{1,3})\s*(?:周)?岁")


def sexes(subject: Subject) -> Iterator[Alarm]:
    """Organs and words of the other sex; an age that is not the patient's."""
    other = re.search(r"46\s*[,，]\s*X[XY]|雄激素不敏感|性发育异常|两性畸形|变性手术|性别重置", subject.both)
    if subject.sex in {Sex.MALE, Sex.FEMALE} and not other:
        male = subject.sex is Sex.MALE
        who = "男" if male else "女"
        told: set[str] = set()
        for match in (_FEMALE if male else _MALE).finditer(subject.both):
            if _OF_ANOTHER.search(_sentence(subject.both, match.start())) or _UNBORN.search(
                _sentence(subject.both, match.start())
            ):
                continue
            if match[0].lower() in told or (
                "附件" in match[0] and _SPINE.search(_sentence(subject.both, match.start()))
            ):
                continue
            told.add(match[0].lower())
            yield Alarm(AlarmKind.SEX, match[0], f"患者性别为{who}，文中却出现“{match[0]}”，请核对患者或文字。")
        for match in (_FEMALE if male else _MALE).finditer(subject.prior) if not told else ():
            if subject.age is not None and subject.age < 2 and match[0].startswith("孕"):
                continue  # how many weeks a newborn was carried
            if not _OF_ANOTHER.search(_sentence(subject.prior, match.start())) and "附件" not in match[0]:
                yield Alarm(AlarmKind.SEX, match[0], f"患者性别为{who}，既往资料却出现“{match[0]}”，请核对患者。")
                break
        for match in (_SHE if male else _HE).finditer(subject.both):
            sentence = _sentence(subject.both, match.start())
            if _OF_ANOTHER.search(sentence) or _UNBORN.search(sentence):
                continue
            yield Alarm(AlarmKind.SEX, match[0].strip(), f"患者性别为{who}，文中写“{match[0].strip()}”，请核对。")
            break
    if subject.age is not None:
        for match in _YEARS.finditer(subject.both):
            if re.search(r"骨龄|提前|落后|超前|延迟", _sentence(subject.both, match.start())):
                continue
            if abs(float(match[1]) - subject.age) > 1.5:
                yield Alarm(
                    AlarmKind.CONFLICT, match[0], f"文中年龄 {match[1]} 岁与患者年龄 {subject.age:g} 岁不符，请核对。"
                )


def _sentence(text: str, place: int) -> str:
    start = max(text.rfind(mark, 0, place) for mark in "。；;\n") + 1
    ends = [end for mark in "。；;\n" if (end := text.find(mark, place)) >= 0]
    return text[start : min(ends, default=len(text))]
