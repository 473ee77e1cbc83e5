"""What a text says of change since an earlier exam: larger, smaller, unchanged, new."""

# ruff: noqa: E501 a pattern is read as one line
from __future__ import annotations

import re
from dataclasses import dataclass

from server.reporting.checker.clauses import asserted, clauses, sentences

COMPARES = re.compile(
    r"较(?:前|上次|旧|既往|老|外院|本院|原片|基线|治疗前|化疗前|放疗前|术前|用药前|\d{1,4}[-.年月/])|外院[^，。；]{0,14}片|与(?:前片|前次|上次|旧片|既往|\d{4}).{0,20}(?:比|对照|相仿|相同|一致|类似)|对[比照](?:前|上|旧|既往|\d{4})|前片|同前|与前(?![壁列部方交纵角联臂庭叶缘面外内上下后倾臼半])|大致相仿|(?:大部|基本)吸收|吸收(?:大部|好转)|逐渐(?=增|缩|减|好转|吸收|扩)|原(?![发位因始则])[^，。；]{1,14}(?:消失|吸收|现(?!象)|缩小|增大)|compar(?:ed|ison) (?:with|to)|since|interval|unchanged",
    re.IGNORECASE,
)


_LARGER = re.compile(
    r"增大|增多|进展|增长|增粗|增宽|加重|变大|增加|扩大|增厚|升高|enlarg|increas|progress|grow|larger", re.IGNORECASE
)


_SMALLER = re.compile(
    r"缩小|减小|减少|吸收|好转|变小|减轻|变薄|消散|消失|溶解|降低|减低|decreas|smaller|shrink|regress|improv",
    re.IGNORECASE,
)


_SAME = re.compile(
    r"相仿|(?<=片)(?:相同|一致)|(?<=比较)(?:大小)?(?:基本)?(?:一致|相同)|无(?:明显|显著)?变化|未见(?:明显|显著)?(?:变化|改变)|变化不(?:大|明显|著)|同前|稳定|unchanged|stable|no (?:significant |interval )?change",
    re.IGNORECASE,
)


NEW = re.compile(r"新发|新出现|新增|为新|新见|\bnew(?:ly)?\b", re.IGNORECASE)


_NOT = re.compile(r"(?:未见|无|未|不)(?:明显|显著)?$|\b(?:no|not)\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a clause says of change: "larger", "smaller" or "same", of what and where."""

    words: str
    said: str
    lesions: frozenset[str]
    organs: frozenset[str]
    sides: frozenset[str]
    places: frozenset[tuple[str, str]]
    text: str
    sentence: int


def claims_in(text: str) -> list[Claim]:
    """What a text says of change, clause by clause; a heading "compared with …:" holds for what follows it."""
    found = []
    general = bool(
        re.match(r"\s*(?:【[^】]*】)?\s*(?:与|对比|对照|比较)[^。]{0,40}(?:比较?|对比|片|CT|MR)[^。]{0,6}[：:]", text)
    )
    lesions: frozenset[str] = frozenset()
    number = -1
    all_sentences = sentences(text)
    plainly = {one.sentence for one in clauses(text) if COMPARES.search(one.text) and said_of(one.text)}
    for clause in clauses(text):
        if THE_REST.match(all_sentences[clause.sentence]):
            continue
        if clause.sentence in plainly and not COMPARES.search(clause.text) and not general:
            # "slightly thick, 6 mm, thinner than before": only the last compares.
            before = lesions if clause.sentence == number else frozenset()
            lesions = frozenset(one.lesion for one in asserted(clause.text)) or before
            number = clause.sentence
            continue
        if clause.sentence != number:
            number, lesions = clause.sentence, frozenset()
        own = frozenset(one.lesion for one in asserted(clause.text))
        if not own and "淋巴结" in clause.text:
            own = frozenset({"淋巴结肿大"})
        lesions = own or lesions
        said = said_of(clause.text, general)
        if not said or not (general or COMPARES.search(all_sentences[clause.sentence])):
            continue
        found.append(
            Claim(clause.text, said, lesions, clause.organs, clause.sides, clause.places, text, clause.sentence)
        )
    return found


# Of what else there is the earlier report need not have spoken.
THE_REST = re.compile(r"余|其余|其他|另")


# "Larger, with less uptake": the first is the size.
_NOT_OF_SIZE = re.compile(
    r"[、及]\s*(?:其)?(?:代谢|FDG|摄取|放射性|密度|信号|强化|血流|SUV)[^、，]{0,8}?(?:增高|升高|减低|降低|减少|增强|增加|变淡|减弱|减轻)"
)


_OF_LOOKS = re.compile(
    r"^(?:其)?(?:密度|信号|回声)(?:较前)?(?:均匀|明显|稍|略)*(?:增高|升高|减低|降低|减少|增强|变淡|减弱)"
)


def said_of(text: str, is_compared: bool = False) -> str:
    text = _OF_LOOKS.sub("", _NOT_OF_SIZE.sub("", text))
    if _SAME.search(text):
        return "same"
    hits = [
        (match.start(), word)
        for word, pattern in (("larger", _LARGER), ("smaller", _SMALLER))
        for match in pattern.finditer(text)
    ]
    if not hits or len({word for _, word in hits}) > 1:
        return ""
    place, word = hits[0]
    if _NOT.search(text[:place]):
        return "same" if COMPARES.search(text) else ""
    compared = is_compared or re.search(r"较|比|略|稍|逐渐|明显|均|since|interval|in size", text)
    return word if compared or COMPARES.search(text) or text.startswith(("增", "缩", "减")) else ""
