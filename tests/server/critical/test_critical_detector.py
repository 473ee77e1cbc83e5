"""Finding critical values in texts: a published benchmark, the forms of keywords, and what the doctor is told."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from server.critical.detector import Watched, detect
from server.critical.kinds import fault_of_keyword
from server.critical.library import ENTRIES
from shared.domain.critical import CriticalLevel, CriticalRegion

HERE = Path(__file__).parent
LIBRARY = [
    Watched(one.code, one.name, one.name_en, one.level, one.minutes, one.criterion, one.types, one.keywords)
    for one in ENTRIES
]


class Case(NamedTuple):
    """One text and the critical values that it states."""

    expected: frozenset[str]
    exam_type: str
    text: str


def _lines(name: str) -> list[list[str]]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line.split("|") for line in lines if line.strip() and not line.startswith("#")]


def benchmark(*names: str) -> list[Case]:
    cases = []
    for name in names:
        for cells in _lines(name):
            if len(cells) == 4:
                code, kind, states, not_now = cells
                cases += [Case(frozenset({code}), kind, states), Case(frozenset(), kind, not_now)]
            else:
                expected = frozenset(code for code in cells[0].split(",") if code != "-")
                cases.append(Case(expected, cells[1], cells[2]))
    return cases


class Score(NamedTuple):
    texts: int
    found: int  # texts that state something and were pointed at
    missed: list[Case]
    false: list[Case]  # texts that state nothing and were pointed at
    wrong: list[tuple[Case, frozenset[str]]]  # pointed at, with none of the right names

    @property
    def recall(self) -> float:
        return self.found / (self.found + len(self.missed))

    @property
    def precision(self) -> float:
        return self.found / (self.found + len(self.false))


def score(cases: list[Case]) -> Score:
    found, missed, false, wrong = 0, [], [], []
    for case in cases:
        codes = frozenset(hit.entry.code for hit in detect(LIBRARY, case.exam_type, "", f"<p>{case.text}。</p>"))
        if case.expected:
            if codes:
                found += 1
                if not codes & case.expected:
                    wrong.append((case, codes))
            else:
                missed.append(case)
        elif codes:
            false.append(case)
    return Score(len(cases), found, missed, false, wrong)


def test_the_benchmark_of_this_folder() -> None:
    cases = benchmark("texts_by_entry.txt", "texts_by_hand.txt", "texts_held_out.txt")
    assert len(cases) >= 350
    result = score(cases)
    print(f"{result.texts} texts: recall {result.recall:.3f}, precision {result.precision:.3f}")
    told = "\n".join(
        [f"missed: {case.text}" for case in result.missed]
        + [f"false: {case.text}" for case in result.false]
        + [f"wrong: {case.text} {sorted(codes)}" for case, codes in result.wrong]
    )
    assert result.recall >= 0.98 and result.precision >= 0.98 and not result.wrong, told  # 1.0 and 1.0 when written


@pytest.mark.parametrize(
    ("keyword", "text", "is_found"),
    [
        ("脑出血", "脑出血复查，原血肿基本吸收", False),
        ("脑出血", "脑出血复查，血肿较前扩大", True),
        ("出血", "蛛网膜下腔出血，较前吸收不明显", True),
        ("出血", "蛛网膜下腔出血，较前部分吸收", False),
        ("出血", "脑叶出血吸收欠佳", True),
        ("出血", "脑叶出血吸收期", False),
    ],
)
def test_what_is_being_absorbed_is_not_new(keyword: str, text: str, is_found: bool) -> None:
    assert bool(detect(watched(keyword), "CT", "", text)) is is_found


def test_the_library_covers_the_body_and_states_its_words_rightly() -> None:
    assert len(ENTRIES) >= 40
    assert set(Counter(one.region for one in ENTRIES)) == set(CriticalRegion)
    assert len({one.code for one in ENTRIES}) == len({one.name for one in ENTRIES}) == len(ENTRIES)
    assert {one.level for one in ENTRIES} == set(CriticalLevel)
    assert [fault for one in ENTRIES for word in one.keywords if (fault := fault_of_keyword(word))] == []
    assert all(one.name_en.isascii() and one.criterion for one in ENTRIES)


def watched(*keywords: str, types: tuple[str, ...] = ()) -> list[Watched]:
    return [Watched("X", "某危急值", "Some", CriticalLevel.ONE, 10, "", types, keywords)]


@pytest.mark.parametrize(
    ("keyword", "text", "words"),
    [
        ("气胸+纵隔移位", "左侧气胸，纵隔移位", "气胸，纵隔移位"),
        ("气胸+纵隔移位", "左侧气胸。纵隔移位", None),
        ("急性..梗死", "急性腔隙性脑梗死", "急性腔隙性脑梗死"),
        ("急性..梗死", "急性鼻窦炎，脑梗死", None),
        ("压缩>=30%", "压缩约30%", "压缩约30%"),
        ("压缩>=30%", "压缩约 29.5 %", None),
        ("压缩>=30%", "压缩，约30%", None),
        ("移位>=5mm", "移位约0.8cm", "移位约0.8cm"),
        ("移位>=5mm", "移位约3mm", None),
        ("血肿>=30ml", "血肿量约45ml", "血肿量约45ml"),
        ("血肿>=30ml", "血肿约45mm", None),
        ("游离气体!术后", "游离气体", "游离气体"),
        ("游离气体!术后", "胃术后，游离气体", None),
        ("SAH", "符合sah", "sah"),
    ],
)
def test_forms_of_keywords(keyword: str, text: str, words: str | None) -> None:
    hits = detect(watched(keyword), "CT", "", text)
    assert [hit.words for hit in hits] == ([] if words is None else [words])


def test_a_hit_names_the_place_the_sentence_and_the_reason() -> None:
    findings = "<p>双肺清晰。</p><p>2.右侧<b>张力性气胸</b>，纵隔左移；</p>"
    (hit,) = detect(watched("张力性气胸"), "DR", findings, "<p>请复查。</p>")
    assert (hit.field, hit.words, hit.sentence) == ("findings", "张力性气胸", "右侧张力性气胸，纵隔左移")
    from shared.domain.rich_text import plain

    assert plain(findings)[hit.start : hit.end] == "张力性气胸"
    assert hit.why == "影像所见写到“右侧张力性气胸，纵隔左移”，属于危急值“某危急值”。"


def test_suspicions_are_told_as_suspicions() -> None:
    for text, is_suspected in (
        ("肺栓塞", False),
        ("考虑肺栓塞", True),
        ("肺栓塞不除外", True),
        ("不能除外肺栓塞", True),
    ):
        assert [hit.is_suspected for hit in detect(watched("肺栓塞"), "CT", "", text)] == [is_suspected]
    assert not detect(watched("肺栓塞"), "CT", "可疑肺栓塞。", "肺栓塞。")[0].is_suspected


def test_an_entry_of_other_exam_types_is_silent() -> None:
    assert not detect(watched("肺栓塞", types=("CT",)), "DR", "", "肺栓塞")
    assert detect(watched("肺栓塞", types=("CT",)), "CT", "", "肺栓塞")
    assert detect(watched("肺栓塞", types=("CT",)), "", "", "肺栓塞")


@pytest.mark.parametrize(
    "keyword", ["气", "a" * 61, "气胸+", "..气胸", "气胸!", "气胸!a!b", "压缩>=三成", "压缩>30", "压缩<=30%"]
)
def test_a_malformed_keyword_is_named(keyword: str) -> None:
    assert fault_of_keyword(keyword)


def test_a_long_report_gives_at_most_twenty_hits() -> None:
    text = "".join(f"<p>{case.text}。</p>" for case in benchmark("texts_by_hand.txt")) * 3
    assert len(detect(LIBRARY, "CT", text, "")) == 20
