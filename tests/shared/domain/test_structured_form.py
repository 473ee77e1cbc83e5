"""What a filled form means: effective values, visibility, problems, coded answers, mistakes of templates."""

from __future__ import annotations

import msgspec
import pytest
from structured_samples import nodule_template

from shared.domain.structured import (
    Code,
    Field,
    FieldKind,
    FieldValue,
    FormContent,
    FormTemplate,
    Option,
    Part,
    Section,
)
from shared.domain.structured_checking import mistakes
from shared.domain.structured_form import Filled, new_form, with_item, with_value, without_item
from shared.domain.structured_prose import RuleError, rule, sentences
from shared.domain.structured_text import Edit, edited, flat

TEMPLATE = nodule_template()


def filled(**values: FieldValue) -> Filled:
    form = new_form(TEMPLATE, 1, 1)
    for path, value in values.items():
        form = with_value(form, path.replace("__", "."), value)
    return Filled(TEMPLATE, form)


def with_nodules(*sizes: float) -> FormContent:
    group = next(field for _s, field in TEMPLATE.fields() if field.key == "nodules")
    form = new_form(TEMPLATE, 1, 1)
    for number, size in enumerate(sizes, 1):
        form = with_item(form, group)
        form = with_value(form, f"nodules.{number}.size", FieldValue(number=size))
        form = with_value(form, f"nodules.{number}.lobe", FieldValue(options=("rul",)))
    return form


def test_a_default_is_in_effect_until_somebody_fills_the_field() -> None:
    assert filled().value("contrast") == FieldValue(options=("plain",))
    assert not filled().is_by_hand("contrast")
    assert filled(contrast=FieldValue(options=("ce",))).words("contrast") == "增强"


def test_a_calculated_field_follows_the_others_and_has_a_code() -> None:
    found = Filled(TEMPLATE, with_nodules(4, 15))
    assert found.value("category").options == ("4b",)
    coded = {one.path: one for one in found.coded()}
    assert coded["category"].codes == (Code("99MJ", "LR4B", "Lung-RADS 4B"),)
    size = coded["nodules.2.size"]
    assert (size.number, size.unit, size.group, size.item, size.name) == (
        15.0,
        "mm",
        "结节",
        2,
        Code("99MJ", "nodules.size", "长径"),
    )


def test_a_value_of_the_past_takes_part_in_formulas() -> None:
    found = Filled(TEMPLATE, with_nodules(6), {"nodules.1.size": FieldValue(number=5.0)})
    assert found.value("nodules.1.growth").number == pytest.approx(20)
    assert "较前变化20%" in next(one.text for one in sentences(found) if one.key == "nodules.1.")


def test_a_field_is_shown_only_under_its_condition_and_hidden_ones_say_nothing() -> None:
    found = filled(depth=FieldValue(number=12))
    assert not found.is_visible("depth")
    assert "depth" not in {one.path for one in found.coded()}
    assert filled(pleura=FieldValue(options=("yes",))).is_visible("depth")


def test_missing_and_impossible_values_are_named() -> None:
    form = with_value(with_nodules(5), "nodules.1.size", FieldValue(number=400))
    form = with_value(form, "nodules.1.lobe", FieldValue())
    found = [(one.path, one.sentence, one.is_missing) for one in Filled(TEMPLATE, form).problems()]
    assert found == [
        ("nodules.1.lobe", "请填写“结节1 部位”。", True),
        ("nodules.1.size", "“长径”不能大于 300mm。", False),
    ]
    empty = with_value(with_nodules(5), "nodules.1.size", FieldValue())
    (problem,) = Filled(TEMPLATE, empty).problems()
    assert problem.is_measurement and problem.is_missing


def test_words_that_are_no_number_are_named() -> None:
    found = filled(pleura=FieldValue(options=("yes",)), depth=FieldValue(text="很深"))
    assert [one.sentence for one in found.problems()] == ["“积液深度”应为数字。"]


def test_an_item_taken_out_takes_its_values_along() -> None:
    form = without_item(with_nodules(4, 15), "nodules", 2)
    assert form.items == {"nodules": (1,)} and all(not path.startswith("nodules.2.") for path in form.values)


def test_there_are_never_more_items_than_the_group_allows() -> None:
    form = with_nodules(1, 2, 3, 4, 5)
    group = next(field for _s, field in TEMPLATE.fields() if field.key == "nodules")
    assert with_item(form, group) == form


@pytest.mark.parametrize(
    "source", ["{A}", "{a", "a}", "[a", "a]", "[?a a]", "[?a +：b]", "{a.b.c}", "[a" * 9 + "]" * 9]
)
def test_rules_that_cannot_be_read_are_refused(source: str) -> None:
    with pytest.raises(ValueError, match=r"。$|看不懂") as caught:
        rule(source)
    assert isinstance(caught.value, RuleError | ValueError)


def test_doubled_signs_stand_for_themselves() -> None:
    template = FormTemplate(title="t", sections=(Section(key="s", title="s", prose="{{x}}[[y]]"),))
    (found,) = sentences(Filled(template, new_form(template, 1, 1)))
    assert found.text == "{x}[y]"


def _with(field: Field) -> FormTemplate:
    return FormTemplate(title="t", sections=(Section(key="s", title="s", fields=(field,)),))


@pytest.mark.parametrize(
    ("field", "words"),
    [
        (Field(key="X", label="x"), "代号应"),
        (Field(key="prior", label="x"), "另有含义"),
        (Field(key="s", label="x"), "用了两次"),
        (Field(key="x", label=""), "名称"),
        (Field(key="x", label="x", kind=FieldKind.CHOICE), "选项"),
        (Field(key="x", label="x", kind=FieldKind.CALCULATED), "公式"),
        (Field(key="x", label="x", kind=FieldKind.GROUP), "没有字段"),
        (Field(key="x", label="x", formula="1 +"), "公式"),
        (Field(key="x", label="x", formula="nobody"), "不是字段"),
        (Field(key="x", label="x", visible_when="y == 1"), "不是字段"),
        (Field(key="x", label="x", prose="{nobody}"), "不是字段"),
        (Field(key="x", label="x", prose="{x"), "句子"),
        (Field(key="x", label="x", kind=FieldKind.NUMBER, low=5, high=1), "下限"),
        (Field(key="x", label="x", kind=FieldKind.NUMBER, default="many"), "默认值"),
        (Field(key="x", label="x", code=Code("", "1", "m")), "编码"),
        (
            Field(
                key="x",
                label="x",
                kind=FieldKind.CHOICE,
                options=(Option(key="a", text="a"), Option(key="a", text="b")),
            ),
            "用了两次",
        ),
        (
            Field(key="x", label="x", kind=FieldKind.GROUP, fields=(Field(key="y", label="y", kind=FieldKind.GROUP),)),
            "不能再有",
        ),
    ],
)
def test_mistakes_of_a_field_are_named(field: Field, words: str) -> None:
    assert any(words in one.sentence for one in mistakes(_with(field))), mistakes(_with(field))


def test_the_sample_has_no_mistakes_and_a_template_without_title_has_one() -> None:
    assert mistakes(TEMPLATE) == ()
    assert "名称" in mistakes(msgspec.structs.replace(TEMPLATE, title=" "))[0].sentence
    many = tuple(Field(key=f"f{number}", label="x") for number in range(401))
    assert any(
        "400" in one.sentence
        for one in mistakes(FormTemplate(title="t", sections=(Section(key="s", title="s", fields=many),)))
    )
    none = msgspec.structs.replace(TEMPLATE, sections=(Section(key="s", title="s", part=Part.NONE, prose="x"),))
    assert any("不写入" in one.sentence for one in mistakes(none))


@pytest.mark.parametrize(
    ("rich", "edits", "expected"),
    [
        ("", (Edit(0, 0, "a"),), "<p>a</p>"),
        ("<p>ab</p>", (Edit(1, 1, "x\ny"),), "<p>ax</p><p>yb</p>"),
        ("<p>ab</p><p>cd</p>", (Edit(1, 4, ""),), "<p>ad</p>"),
        ("<p>a<b>bc</b>d</p>", (Edit(2, 2, "x"),), "<p>a<b>b</b>x<b>c</b>d</p>"),
        ("<ol><li>a</li><li>b</li></ol><p>c</p>", (Edit(4, 5, "d"),), "<ol><li>a</li><li>b</li></ol><p>d</p>"),
        ("<p>a&lt;b</p>", (Edit(3, 3, "&"),), "<p>a&lt;b&amp;</p>"),
        ("<p>a<br>b</p>", (Edit(2, 3, "c"),), "<p>a<br>c</p>"),
        ("<p>abc</p>", (Edit(0, 3, ""),), ""),
    ],
)
def test_edits_keep_what_they_do_not_touch(rich: str, edits: tuple[Edit, ...], expected: str) -> None:
    assert edited(rich, edits) == expected


def test_flat_text_counts_as_the_editor_does() -> None:
    assert flat("<p>a<br>b</p><ul><li>c</li></ul>") == "a\nb\nc"
