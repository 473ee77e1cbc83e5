"""Going through a template step by step: the worked examples as a doctor types them."""

from __future__ import annotations

import pytest

from clients.pathology.templates.choosing_set import set_for
from clients.pathology.templates.picking_state import Moved, Picking, Place
from clients.pathology.templates.prompt_tree import added, moved, removed, renamed
from shared.contract.pathology_templates import DescriptorSet, PromptEntry
from shared.domain.pathology_templates import TemplateRefused

MIXED = "送检（胃窦；胃体）黏膜{（ ）块}。\n固有层见[淋巴细胞；浆细胞；中性粒细胞]浸润。\n未见肠上皮化生（IM）。"


def entered(picking: Picking, value: str | None = None) -> Moved:
    if value is not None:
        picking.type_value(value)
    return picking.enter()


def test_sentences_are_picked_and_answered() -> None:
    picking = Picking(MIXED)
    assert picking.take(True) is Moved.ON
    assert picking.toggle(0) is Moved.ON
    assert entered(picking, "4") is Moved.ON
    assert picking.place == Place(0, 1)
    assert picking.take(False) is Moved.ON
    assert picking.enter() is Moved.DONE
    assert picking.is_complete
    assert picking.text(0) == "送检胃窦黏膜4块。\n未见肠上皮化生（IM）。"


def test_enter_accepts_a_preset_and_a_cleared_one_vanishes() -> None:
    picking = Picking("肿瘤最大径{（2.0）cm}{，距切缘（ ）cm}。")
    picking.take(True)
    assert picking.shown_value == "2.0"
    entered(picking)
    assert entered(picking) is Moved.DONE
    assert picking.text(0) == "肿瘤最大径2.0cm。"
    picking.go(Place(0, 0, 0))
    picking.type_value("")
    assert picking.text(0) == "肿瘤最大径。"


def test_a_single_choice_blocks_until_it_is_answered_and_can_be_replaced() -> None:
    picking = Picking("间质内见（大量；少量）淋巴细胞。")
    picking.take(True)
    assert picking.enter() is Moved.STAYED and not picking.is_complete
    assert picking.unanswered() == Place(0, 0, 0)
    picking.toggle(1)
    assert picking.text(0) == "间质内见少量淋巴细胞。"
    picking.go(Place(0, 0, 0))
    picking.toggle(0)
    assert picking.text(0) == "间质内见大量淋巴细胞。"


def test_options_of_a_multiple_choice_go_on_and_off() -> None:
    picking = Picking("[甲；乙；丙]")
    picking.take(True)
    for option in (2, 0, 1, 1):
        assert picking.toggle(option) is Moved.STAYED
    assert picking.toggle(7) is Moved.STAYED
    picking.move_option(-5)
    assert picking.option == 0
    assert picking.text(0) == "甲、丙"


def test_other_input_than_numbers_is_refused_in_place() -> None:
    picking = Picking("{（ ）cm}")
    picking.take(True)
    assert entered(picking, "三") is Moved.STAYED
    assert entered(picking, "１．５") is Moved.DONE  # what an input method types
    assert picking.text(0) == "1.5cm"


def test_a_half_filled_item_is_asked_again() -> None:
    picking = Picking("{（ ）×（ ）cm}")
    picking.take(True)
    entered(picking, "3")
    assert entered(picking) is Moved.STAYED and picking.place == Place(0, 0, 0, 1)
    assert entered(picking, "2") is Moved.DONE
    assert picking.text(0) == "3×2cm"


def test_a_lost_dimension_is_warned_of() -> None:
    picking = Picking("肿块大小{（ ）}×{（ ）}×{（ ）CM3}。")
    picking.take(True)
    for value in ("3", None, "1.5"):
        entered(picking, value)
    assert picking.text(0) == "肿块大小3×1.5CM3。"
    assert [len(line.warnings) for _pane, line in picking.line_results()] == [1]


def test_findings_and_diagnosis_follow_each_other() -> None:
    picking = Picking("所见。\n\n第二句。", "（良；恶）性")
    picking.take(True)
    picking.take(False)
    assert picking.place == Place(1, 0)
    picking.back()
    assert picking.place == Place(0, 2)
    picking.go_line(1)
    picking.take(True)
    picking.toggle(1)
    assert (picking.text(0), picking.text(1)) == ("所见。", "恶性")


def test_a_click_on_an_element_takes_its_sentence() -> None:
    picking = Picking("一\n[a；b]")
    picking.go(Place(0, 1, 0))
    picking.toggle(1)
    assert picking.text(0) == "b"


def test_a_text_with_errors_cannot_be_used() -> None:
    with pytest.raises(TemplateRefused):
        Picking("切缘（阴性；阳性。")


def test_an_empty_text_has_no_step() -> None:
    picking = Picking("", "\n")
    assert picking.place is None and picking.enter() is Moved.DONE and not picking.is_complete
    picking.go_line(1)
    picking.back()


def test_trees_of_choices_change_without_harm() -> None:
    tree = (
        PromptEntry(text="外科", entries=(PromptEntry(text="普外"), PromptEntry(text="骨科"))),
        PromptEntry(text="儿科"),
    )
    assert [one.text for one in added(tree, (), "内科")] == ["外科", "儿科", "内科"]
    assert [one.text for one in added(tree, (0,), "胸外")[0].entries] == ["普外", "骨科", "胸外"]
    assert renamed(tree, (0, 1), "骨外科")[0].entries[1].text == "骨外科"
    assert [one.text for one in removed(tree, (0, 0))[0].entries] == ["骨科"]
    assert [one.text for one in moved(tree, (1,), -1)] == ["儿科", "外科"]
    assert moved(tree, (0,), -1) == tree


def test_the_set_follows_the_specimen() -> None:
    gynaecological = DescriptorSet(id=1, version=1, specimen_type="妇科宫颈", words=("宫颈",))
    fluid = DescriptorSet(id=2, version=1, specimen_type="体液", words=("胸水", "尿"))
    sets = (gynaecological, fluid)
    assert set_for(sets, "体液") is fluid
    assert set_for(sets, "左侧胸水") is fluid
    assert set_for(sets, "宫颈脱落细胞") is gynaecological
    assert set_for(sets, "其他") is gynaecological and set_for((), "x") is None
