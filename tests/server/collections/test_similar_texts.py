"""Likeness of texts and what is taken out of teaching files, as pure functions."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.collections.deidentification import Identity, clean, leftover, told_age
from server.collections.similar import grams_of, most_alike

CHINESE = st.text(alphabet="右肺上叶尖段见磨玻璃结节边缘毛刺胸膜牵拉双侧肾囊肿肝脏", min_size=2, max_size=40)


@given(st.lists(CHINESE, min_size=1, max_size=12), CHINESE)
def test_scores_lie_between_0_and_1_and_fall(texts: list[str], asked: str) -> None:
    others = {number: grams_of(text) for number, text in enumerate(texts)}
    found = most_alike(grams_of(asked), others, 10)
    assert all(0 < one.score <= 1 for one in found)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert all(set(one.shared) <= grams_of(asked) & others[one.id] for one in found)


@given(CHINESE)
def test_the_same_text_is_the_most_alike(text: str) -> None:
    others = {1: grams_of("肝脏囊肿"), 2: grams_of(text), 3: grams_of("双侧肾结节")}
    found = most_alike(grams_of(text), others, 3)
    if grams_of(text):
        assert found[0].score == pytest.approx(max(one.score for one in found))
        assert any(one.id == 2 for one in found)


def test_three_thousand_reports_are_ranked_at_once() -> None:
    words = ["右肺上叶", "左肺下叶", "磨玻璃结节", "胸腔积液", "纵隔淋巴结肿大", "肝囊肿", "主动脉钙化", "气管通畅"]
    others = {
        number: grams_of("，".join(words[(number + step * (number % 3 + 1)) % 8] for step in range(6)))
        for number in range(3000)
    }
    asked = grams_of("右肺上叶磨玻璃结节，胸腔积液")
    best = min(_processor_s(lambda: most_alike(asked, others, 10)) for _ in range(3))
    assert best < 0.2


def _processor_s(work) -> float:  # type: ignore[no-untyped-def]
    started = time.process_time()
    work()
    return time.process_time() - started


IDENTITY = Identity(names=("欧阳娜娜", "Ouyang Nana", "王"), staff=("李医生",), numbers=("P0001", ""))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("欧阳娜娜女士，结节12mm×9mm", "患者女士，结节12mm×9mm"),
        ("OUYANG NANA 胸部", "患者 胸部"),
        ("王姓患者", "王姓患者"),
        ("与2024-05-06 10:20片、2023年7月片、3月5日片比较", "与某日片、某日片、某日片比较"),
        ("李医生报告 P0001", "某医生报告 ＊"),
        ("身份证11010119800506123X 电话13912345678", "身份证＊ 电话＊"),
        ("CT值约 45HU，T12 椎体，2.5cm", "CT值约 45HU，T12 椎体，2.5cm"),
        ("检查号CT20260302001", "检查号＊"),
    ],
)
def test_names_days_and_numbers_go_and_findings_stay(text: str, expected: str) -> None:
    assert clean(text, IDENTITY) == expected
    assert leftover(clean(text, IDENTITY), IDENTITY) == ""


def test_what_is_left_of_the_patient_is_found() -> None:
    assert leftover("见欧阳娜娜片", IDENTITY) == "欧阳娜娜"
    assert leftover("号码 p0001", IDENTITY) == "P0001"
    assert leftover("打13912345678", IDENTITY) == "13912345678"


@pytest.mark.parametrize(("age", "told"), [("45岁", "45岁"), ("89岁", "89岁"), ("90岁", "90岁以上"), ("3月", "3月")])
def test_very_old_ages_are_not_told(age: str, told: str) -> None:
    assert told_age(age) == told
