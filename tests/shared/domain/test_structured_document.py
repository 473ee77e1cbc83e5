"""Form and prose are one document: stable, and nothing written by hand is lost."""

from __future__ import annotations

import itertools

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from structured_samples import nodule_template

from shared.domain.structured import FieldValue, FormContent, Part, Sentence
from shared.domain.structured_document import (
    Choice,
    Woven,
    choose,
    follow,
    merged,
    refill,
    renewed,
    settled,
    taken_out,
)
from shared.domain.structured_form import Filled, new_form, with_item, with_value, without_item
from shared.domain.structured_text import edited, flat, flat_edited, rich_of

TEMPLATE = nodule_template()
F, I = Part.FINDINGS, Part.IMPRESSION  # noqa: E741 # the report's own short names


class Desk:
    """A report: the form, two texts, and the same texts as rich text."""

    def __init__(self) -> None:
        self.form = new_form(TEMPLATE, 1, 1)
        self.texts = {F: "", I: ""}
        self.rich = {F: "", I: ""}
        self.weave(self.form)

    def weave(self, form: FormContent) -> None:
        self.take(refill(Filled(TEMPLATE, form), self.texts))

    def take(self, woven: Woven) -> None:
        self.form = woven.form
        for part, edits in woven.edits.items():
            self.texts[part] = flat_edited(self.texts[part], edits)
            self.rich[part] = edited(self.rich[part], edits)
        self.check()

    def put(self, path: str, value: FieldValue) -> None:
        self.weave(with_value(self.form, path, value))

    def add_item(self) -> int:
        group = next(field for _s, field in TEMPLATE.fields() if field.key == "nodules")
        self.weave(with_item(self.form, group))
        return self.form.items["nodules"][-1] if self.form.items["nodules"] else 0

    def type(self, part: Part, start: int, end: int, words: str) -> None:
        before = self.texts[part]
        after = before[:start] + words + before[end:]
        self.form = follow(self.form, part, before, after)
        self.texts[part] = after
        self.rich[part] = rich_of(after)
        self.check()

    def sentence(self, key: str) -> Sentence:
        return next(one for one in self.form.sentences if one.key == key)

    def check(self) -> None:
        for part, text in self.texts.items():
            assert flat(self.rich[part]).strip() == text.strip()
            spans = sorted((s.start, s.start + len(s.standing)) for s in self.form.sentences if s.part is part)
            for s in self.form.sentences:
                if s.part is part:
                    assert text[s.start : s.start + len(s.standing)] == s.standing, (s, text)
            solid = [span for span in spans if span[0] < span[1]]
            assert all(one[1] <= two[0] for one, two in itertools.pairwise(solid)), spans


def a_nodule(desk: Desk, lobe: str = "rul", size: float = 8) -> int:
    item = desk.add_item()
    desk.put(f"nodules.{item}.lobe", FieldValue(options=(lobe,)))
    desk.put(f"nodules.{item}.size", FieldValue(number=size))
    return item


def test_filling_the_form_writes_sentences_in_the_order_of_the_form() -> None:
    desk = Desk()
    desk.put("pleura", FieldValue(options=("no",)))
    a_nodule(desk)
    a_nodule(desk, "lll", 15.5)
    assert desk.texts[F].split("\n") == [
        "胸部平扫扫描。",
        "1）右肺上叶见结节，大小约8mm。",
        "2）左肺下叶见结节，大小约15.5mm。",
        "双侧胸腔未见积液。",
    ]
    assert desk.texts[I] == "Lung-RADS 4B 类。"


def test_a_changed_value_changes_its_sentence_in_place() -> None:
    desk = Desk()
    desk.put("pleura", FieldValue(options=("no",)))
    desk.type(F, len(desk.texts[F]), len(desk.texts[F]), "余未见异常。")
    desk.put("pleura", FieldValue(options=("yes",)))
    desk.put("depth", FieldValue(number=12))
    assert desk.texts[F] == "胸部平扫扫描。\n胸腔积液。深约12mm。余未见异常。"


def test_a_sentence_changed_by_hand_stays_and_is_marked() -> None:
    desk = Desk()
    item = a_nodule(desk)
    at = desk.texts[F].index("结节")
    desk.type(F, at, at, "磨玻璃")
    key = f"nodules.{item}."
    assert desk.sentence(key).is_edited
    desk.put(f"nodules.{item}.size", FieldValue(number=9))
    assert "磨玻璃结节，大小约8mm" in desk.texts[F]
    assert desk.sentence(key).proposed == "1）右肺上叶见结节，大小约9mm。"


def test_the_three_choices() -> None:
    for choice, wanted in (
        (Choice.MINE, ["1）右肺上叶见磨玻璃结节，大小约8mm。"]),
        (Choice.FORM, ["1）右肺上叶见结节，大小约9mm。"]),
        (Choice.BOTH, ["1）右肺上叶见磨玻璃结节，大小约8mm。1）右肺上叶见结节，大小约9mm。"]),
    ):
        desk = Desk()
        item = a_nodule(desk)
        at = desk.texts[F].index("结节")
        desk.type(F, at, at, "磨玻璃")
        desk.put(f"nodules.{item}.size", FieldValue(number=9))
        desk.take(choose(desk.form, f"nodules.{item}.", choice, desk.texts))
        assert desk.texts[F].split("\n")[1:] == wanted
        assert desk.sentence(f"nodules.{item}.").proposed is None
        desk.weave(desk.form)  # the same form again proposes nothing
        assert desk.sentence(f"nodules.{item}.").proposed is None
        assert desk.sentence(f"nodules.{item}.").is_edited == (choice is Choice.MINE)


def test_a_sentence_taken_out_by_hand_does_not_come_back_by_itself() -> None:
    desk = Desk()
    desk.put("pleura", FieldValue(options=("no",)))
    at = desk.texts[F].index("双侧")
    desk.type(F, at, len(desk.texts[F]), "")
    desk.put("emphysema", FieldValue(text="轻度"))
    assert "双侧" not in desk.texts[F]
    desk.put("pleura", FieldValue(options=("yes",)))
    assert desk.sentence("pleura").proposed == "胸腔积液。"
    assert "积液" not in desk.texts[F]
    desk.take(choose(desk.form, "pleura", Choice.FORM, desk.texts))
    assert "胸腔积液。" in desk.texts[F]


def test_undoing_the_hand_gives_the_sentence_back_to_the_form() -> None:
    desk = Desk()
    desk.put("pleura", FieldValue(options=("no",)))
    text, at = desk.texts[F], desk.texts[F].index("双侧")
    desk.type(F, at, len(text), "")
    desk.type(F, at, at, "双侧胸腔未见积液。")
    assert not desk.sentence("pleura").is_edited
    desk.put("pleura", FieldValue(options=("yes",)))
    assert desk.texts[F].endswith("胸腔积液。") and "双侧" not in desk.texts[F]


def test_a_cut_and_pasted_sentence_is_still_the_forms() -> None:
    desk = Desk()
    desk.put("pleura", FieldValue(options=("no",)))
    at = desk.texts[F].index("双侧")
    desk.type(F, at, len(desk.texts[F]), "")
    desk.type(F, 0, 0, "双侧胸腔未见积液。\n")
    desk.put("pleura", FieldValue(options=("yes",)))
    assert desk.texts[F].startswith("胸腔积液。\n")


def test_a_cleared_field_takes_its_sentence_and_its_empty_paragraph_along() -> None:
    desk = Desk()
    item = a_nodule(desk)
    a_nodule(desk, "lll", 3)
    desk.weave(without_item(desk.form, "nodules", item))
    assert desk.texts[F] == "胸部平扫扫描。\n1）左肺下叶见结节，大小约3mm。"


def test_a_new_item_never_takes_the_number_of_a_removed_one_that_a_hand_changed() -> None:
    desk = Desk()
    item = a_nodule(desk)
    desk.type(F, len(desk.texts[F]) - 1, len(desk.texts[F]) - 1, "，边缘毛刺")
    desk.weave(without_item(desk.form, "nodules", item))
    assert "毛刺" in desk.texts[F]
    assert desk.sentence(f"nodules.{item}.").proposed == ""
    assert desk.add_item() != item


def test_marks_of_hands_stay_when_a_neighbour_changes() -> None:
    rich = "<p>胸部<b>平扫</b>。</p><ul><li>双侧</li></ul>"
    desk = Desk()
    desk.texts[F] = flat(rich)
    desk.form = FormContent(template_id=1, template_version=1)
    desk.rich[F] = rich
    desk.put("pleura", FieldValue(options=("no",)))
    assert "<b>平扫</b>" in desk.rich[F] and "双侧胸腔未见积液。" in desk.texts[F]


def test_texts_from_elsewhere_are_settled() -> None:
    desk = Desk()
    desk.put("pleura", FieldValue(options=("no",)))
    moved = {F: "另一人写的。\n双侧胸腔未见积液。", I: ""}
    form = settled(desk.form, moved)
    pleura = next(one for one in form.sentences if one.key == "pleura")
    assert (pleura.start, pleura.is_edited) == (7, False)
    technique = next(one for one in form.sentences if one.key == "technique:")
    assert technique.standing == ""


def test_the_form_takes_itself_out_and_leaves_what_hands_wrote() -> None:
    desk = Desk()
    desk.put("pleura", FieldValue(options=("no",)))
    a_nodule(desk)
    at = desk.texts[F].index("结节")
    desk.type(F, at, at, "钙化")
    left = flat_edited(desk.texts[F], taken_out(desk.form, desk.texts).edits[F])
    assert left == "1）右肺上叶见钙化结节，大小约8mm。"


def test_giving_a_sentence_back_to_the_form() -> None:
    desk = Desk()
    desk.put("pleura", FieldValue(options=("no",)))
    desk.type(F, len(desk.texts[F]) - 1, len(desk.texts[F]) - 1, "及胸膜增厚")
    desk.take(renewed(desk.form, "pleura", desk.texts))
    assert desk.texts[F].endswith("双侧胸腔未见积液。") and not desk.sentence("pleura").is_edited


def test_two_forms_are_merged_field_by_field() -> None:
    base = with_value(new_form(TEMPLATE, 1, 1), "emphysema", FieldValue(text="轻度"))
    mine = with_value(base, "advice", FieldValue(text="复查"))
    theirs = with_value(base, "emphysema", FieldValue(text="重度"))
    found = merged(base, mine, theirs)
    assert found is not None
    assert found.values == {"emphysema": FieldValue(text="重度"), "advice": FieldValue(text="复查")}
    assert merged(base, base, None) is None
    assert merged(None, mine, None) == mine
    other = msgspec.structs.replace(theirs, template_id=2)
    assert merged(base, mine, other) == mine


# ── properties ───────────────────────────────────────────────────────────────────────────────────────

_HAND = "甲乙丙丁戊己庚辛"
_FILL = st.one_of(
    st.tuples(st.just("pleura"), st.sampled_from(["", "no", "yes"])),
    st.tuples(st.just("depth"), st.sampled_from(["", "3", "12"])),
    st.tuples(st.just("emphysema"), st.sampled_from(["", "轻度", "重度"])),
    st.tuples(st.just("advice"), st.sampled_from(["", "三个月后复查"])),
    st.tuples(st.just("contrast"), st.sampled_from(["", "ce"])),
    st.tuples(st.just("item"), st.sampled_from(["add", "remove", "lobe", "size"])),
)
_TYPE = st.tuples(
    st.sampled_from([F, I]), st.integers(0, 200), st.integers(0, 6), st.text(alphabet="x。\n ", max_size=3)
)
_CHOOSE = st.tuples(st.integers(0, 9), st.sampled_from([Choice.MINE, Choice.BOTH]))
_STEPS = st.lists(st.one_of(_FILL, _TYPE, _CHOOSE), max_size=25)


def _fill(desk: Desk, what: str, how: str) -> None:
    items = desk.form.items.get("nodules", ())
    if what != "item":
        is_choice = what in ("pleura", "contrast")
        number = float(how) if what == "depth" and how else None
        value = FieldValue(options=(how,) if is_choice and how else (), number=number)
        desk.put(what, value if is_choice or what == "depth" else FieldValue(text=how))
    elif how == "add":
        desk.add_item()
    elif items and how == "remove":
        desk.weave(without_item(desk.form, "nodules", items[0]))
    elif items and how == "lobe":
        desk.put(f"nodules.{items[-1]}.lobe", FieldValue(options=("lll",)))
    elif items:
        desk.put(f"nodules.{items[-1]}.size", FieldValue(number=7.5))


@settings(max_examples=150, deadline=None)
@given(_STEPS)
def test_nothing_written_by_hand_is_ever_lost(steps: list[tuple[object, ...]]) -> None:
    """Every mark that a hand put in, and did not itself take out, stands until the doctor gives the sentence up."""
    desk = Desk()
    hand: set[str] = set()
    fresh = iter(chr(0x4E00 + 3000 + n) for n in range(100))
    for step in steps:
        if len(step) == 4:
            part, at, length, words = step
            assert isinstance(part, Part) and isinstance(at, int) and isinstance(length, int)
            text = desk.texts[part]
            start = min(at, len(text))
            end = min(start + length, len(text))
            mark = next(fresh)
            hand -= set(text[start:end])
            hand.add(mark)
            desk.type(part, start, end, f"{mark}{words}")
        elif isinstance(step[0], int):
            proposed = [one.key for one in desk.form.sentences if one.proposed is not None]
            if proposed:
                choice = step[1]
                assert isinstance(choice, Choice)
                desk.take(choose(desk.form, proposed[step[0] % len(proposed)], choice, desk.texts))
        else:
            _fill(desk, str(step[0]), str(step[1]))
        standing = set(desk.texts[F] + desk.texts[I])
        assert hand <= standing, (hand - standing, desk.texts)


@settings(max_examples=150, deadline=None)
@given(st.lists(_FILL, max_size=20))
def test_the_same_form_gives_the_same_prose_whatever_the_way_there(steps: list[tuple[str, str]]) -> None:
    """Form → prose → form → prose is stable, and equals the prose of the form filled at one stroke."""
    desk = Desk()
    for what, how in steps:
        _fill(desk, what, how)
    kept, texts = desk.form, dict(desk.texts)
    desk.weave(desk.form)
    assert (desk.form, desk.texts) == (kept, texts)
    through_file = msgspec.json.decode(msgspec.json.encode(kept), type=FormContent)
    assert through_file == kept and settled(through_file, texts) == kept
    at_once = Desk()
    at_once.weave(msgspec.structs.replace(kept, sentences=at_once.form.sentences))
    assert _sentences_of(at_once.texts[F]) == _sentences_of(texts[F])
    assert at_once.texts[I] == texts[I]


def _sentences_of(text: str) -> list[str]:
    """The sentences in order; where paragraphs end depends on which sentence of a section came first."""
    return [one for line in text.split("\n") for one in line.split("。") if one]
