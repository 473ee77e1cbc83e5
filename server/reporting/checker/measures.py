"""Measures in a text: of what, how large, and whether they are those of an earlier exam."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from server.reporting.checker.clauses import NUMBER, Clause, clauses, mentions, sizes_in

_DATE = r"(?:\d{4}\s*[-年./]\s*\d{1,2}(?:\s*[-月./]\s*\d{1,2}日?)?|(?<!\d)(?:19|20)\d\d年(?!\s*\d{1,2}\s*月))"
_FORMERLY = re.compile(
    rf"(?:前片|前次|上次|[（(，]\s*前(?=约?为?\s*\d*$)|原(?!发|病灶|结节|肿)(?:来)?|既往|旧片|较前|由|从|先前|{_DATE}|previously|prior|\bwas\b|\bfrom\b)[^，,。；;]{{0,16}}$",
    re.IGNORECASE,
)
_NOW = re.compile(r"现|本次|今|目前|\bnow\b|currently|至$|增大到|缩小到|为新", re.IGNORECASE)
_KINDS = re.compile(
    r"大小|直径|长(?=约|\s*$)|[长最]大?径|横径|短径|厚度?|突出|膨出|[左右]移(?!位)|移位|高度|内径|管径|宽度?|深|距|长度|范围|thickness|diameter|measur\w+",
    re.IGNORECASE,
)
_SIZE_KINDS = {"大小", "直径", "长径", "最大径", "范围", "横径", "大径", "最径"}
# The size of an organ is not the size of what is seen in it.
_WHOLE = re.compile(r"(?:子宫|前列腺|甲状腺|[左右]侧?叶|卵巢|胆囊|睾丸|肾)[^。；]{0,16}$")
_A_LESION = re.compile(
    r"见|示|探及|结节|肿块|囊肿|肌瘤|占位|灶|结石|息肉|斑块|瘤|癌|包块|肿物|回声[区团]|暗区|增生|积水|缩小|增大"
)
_DATED = re.compile(rf"([（(]{_DATE})[：:]")
_PERCENT = re.compile(rf"(?:LVEF|EF|射血分数|狭窄率?|压缩|肺受压)[^，,。；;\d]{{0,6}}({NUMBER})\s*[%％]", re.IGNORECASE)
_PERCENT_THEN = re.compile(
    rf"(?:前片|前次|上次|原(?!发)|既往|{_DATE}|previously|prior)[^，,。；;\d]{{0,8}}({NUMBER})\s*[%％]", re.IGNORECASE
)


# Lesions that are measured; a size after another one's name is not its size.
_MEASURED = frozenset(
    "结节 肿块 息肉 囊肿 动脉瘤 结石 出血 积液 淋巴结肿大 椎间盘 扩张 炎症 梗死 转移 肿瘤 斑块 骨折 气胸".split()
)


@dataclass(frozen=True, slots=True)
class Measure:
    """One size in mm: its numbers, what it measures ("size", "厚", "短径", …), where, and whether it is of today."""

    words: str
    numbers: tuple[float, ...]
    kind: str
    lesions: frozenset[str]
    organs: frozenset[str]
    sides: frozenset[str]
    places: frozenset[tuple[str, str]]
    sentence: int
    is_former: bool

    @property
    def mm(self) -> float:
        """The largest of its numbers."""
        return max(self.numbers)


@lru_cache(maxsize=512)
def measures_in(text: str) -> tuple[Measure, ...]:
    """Every length of a text in the order of its words."""
    # "(2024-01-10: 17mm)": the colon ends no clause.
    text = _DATED.sub(r"\1为", text)
    found: list[Measure] = []
    kind, sentence, whole = "size", -1, ""
    lesions: frozenset[str] = frozenset()
    by_clause: dict[tuple[int, str], set[str]] = {}
    for one in mentions(text):
        if not one.is_denied and one.lesion in _MEASURED:
            by_clause.setdefault((one.sentence, one.words), set()).add(one.lesion)
    for clause in clauses(text):
        if clause.sentence != sentence:
            kind, sentence, lesions, whole = "size", clause.sentence, frozenset(), ""
        lesions = (
            frozenset(["淋巴结肿大"] if "淋巴结" in clause.text else ())
            or frozenset(by_clause.get((clause.sentence, clause.text), ()))
            or lesions
        )
        end = 0
        for size in sizes_in(clause.text):
            start = clause.text.find(size.words, end)
            before = _INSIDE.sub(" ", clause.text[end:start])
            end = start + len(size.words)
            if _BY_HOW_MUCH.search(before):
                continue  # "larger by 4 mm" is no size
            if words := _KINDS.findall(before):
                kind = "size" if words[-1] in _SIZE_KINDS or words[-1].isascii() else words[-1][:2].rstrip("度")
            said = f"{whole}{clause.text[:start]}"
            if kind == "size" and _WHOLE.search(said) and not _A_LESION.search(said):
                kind = "整体"
            elif kind == "整体" and _A_LESION.search(said):
                kind = "size"
            if re.search(r"实性成分|其中|分隔|壁结节", before):
                kind = "实性成分"
            former = bool(_FORMERLY.search(before)) and not _NOW.search(_since_former(before))
            scale = 10 if size.unit == "cm" else 1
            found.append(
                _measure(clause, size.words, [number * scale for number in size.numbers], kind, lesions, former)
            )
        whole = f"{whole}{clause.text}，"
    return tuple(found)


_BY_HOW_MUCH = re.compile(r"(?:增[大加长宽]|缩[小短]|减[小少])了?约?\s*$|总和(?:为|约)?\s*$")
# "(2023-03, 45 mm)": the date and the size are of one exam.
_INSIDE = re.compile(r"[，,](?=[^（()）]*$)")


def percents_in(text: str) -> tuple[list[float], list[float]]:
    """Percentages of function or narrowing that a text gives, and those that it quotes from an earlier exam."""
    return [float(one) for one in _PERCENT.findall(text)], [float(one) for one in _PERCENT_THEN.findall(text)]


def _since_former(before: str) -> str:
    match = _FORMERLY.search(before)
    return before[match.start() :] if match else ""


def _measure(
    clause: Clause, words: str, numbers: list[float], kind: str, lesions: frozenset[str], former: bool
) -> Measure:
    return Measure(
        words, tuple(numbers), kind, lesions, clause.organs, clause.sides, clause.places, clause.sentence, former
    )
