"""The hospital's own choices below a report, as it writes them in the exam type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.report_choices import CRITICAL, HP, USUAL_CRITICAL, USUAL_HP, ChoiceError, Option, choices_of
from shared.domain.states import CriticalValue, HpResult


def test_without_a_word_only_the_critical_value_is_asked() -> None:
    assert choices_of("") == (USUAL_CRITICAL,)
    assert choices_of("", hp_required=True) == (USUAL_CRITICAL, USUAL_HP)


def test_the_usual_values_are_those_of_the_states() -> None:
    assert {one.value for one in USUAL_CRITICAL.options} == set(CriticalValue) - {CriticalValue.UNSET}
    assert {one.value for one in USUAL_HP.options} == set(HpResult) - {HpResult.UNSET}


def test_labels_options_english_words_and_optional_choices() -> None:
    critical, reaction, shaved = choices_of("造影剂反应/Contrast reaction: 无/None，轻/Mild、重\n备皮？：合格,不合格")
    assert critical == USUAL_CRITICAL
    assert (reaction.key, reaction.label_en, reaction.is_required) == ("造影剂反应", "Contrast reaction", True)
    assert reaction.options == (Option("无", "无", "None"), Option("轻", "轻", "Mild"), Option("重", "重", "重"))
    assert (shaved.label, shaved.is_required) == ("备皮", False) and shaved.has("不合格") and not shaved.has("无")


def test_critical_value_and_hp_can_be_renamed_and_keep_their_place() -> None:
    critical, hp = choices_of("HP/H. pylori: 未做/Not done, 阴/Neg, 阳/Pos; 危急值/Critical: 无, 有", hp_required=True)
    assert critical.key == CRITICAL and [one.value for one in critical.options] == ["no", "yes"]
    assert [one.label for one in critical.options] == ["无", "有"]
    assert hp.key == HP and [one.label_en for one in hp.options] == ["Not done", "Neg", "Pos"]
    (_, other) = choices_of("HP: 阴性, 阳性", hp_required=True)
    assert other.key == "HP", "other options than the usual three are the hospital's own choice"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("造影", "写法不对"),
        ("造影:", "写法不对"),
        (": 有, 无", "写法不对"),
        ("造影: 有", "写法不对"),
        ("造影: 有, 有", "重复"),
        ("甲: 有, 无; 甲: 有, 无", "两次"),
        ("危急值: 无, 可能, 有", "两个选项"),
        (f"{'长' * 41}: 有, 无", "太长"),
        ("\n".join(f"选项{n}: 有, 无" for n in range(9)), "最多"),
        (f"造影: {', '.join(str(n) for n in range(9))}", "最多"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(text: str, word: str) -> None:
    with pytest.raises(ChoiceError, match=word):
        choices_of(text)


@given(st.text(max_size=200), st.booleans())
def test_any_text_is_read_or_refused(text: str, hp_required: bool) -> None:
    try:
        found = choices_of(text, hp_required=hp_required)
    except ChoiceError as error:
        assert str(error)
    else:
        assert found[0].key == CRITICAL and len({one.key for one in found}) == len(found)
