"""The dictionary: its starting content, search by text and pinyin initials, whose term is whose."""

from __future__ import annotations

import pytest

from server.ecg.terms.service import SUGGESTED, keys_of, parsed
from server.ecg.terms.starting_diagnoses import DIAGNOSES
from server.ecg.terms.starting_findings import FINDINGS
from server.kernel.errors import Refusal
from shared.contract import ecg_terms
from shared.contract.errors import ErrorCode
from shared.domain.ecg_reports import TermKind, TermScope
from tests.server.ecg.network_world import NetworkWorld


def test_the_starting_content_is_whole() -> None:
    found = [term for _zh, _en, terms in parsed(DIAGNOSES) for term in terms]
    assert len(found) >= 250 and all(zh and en for zh, en, _code in found)
    assert len({zh for zh, _en, _code in found}) == len(found)
    codes = [code for _zh, _en, code in found if code]
    assert len(codes) == len(set(codes)) and all(code.isdigit() and 1 <= int(code) <= 231 for code in codes)
    assert set(SUGGESTED.values()) <= set(codes)
    sentences = [term for _zh, _en, terms in parsed(FINDINGS) for term in terms]
    assert len(sentences) >= 70 and all(zh and en for zh, en, _code in sentences)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("dxxl", "窦性心律"),
        ("xfcd", "心房颤动"),
        ("房颤", "心房颤动"),
        ("完全性左", "完全性左束支阻滞"),
        ("ed1xf", "二度Ⅰ型房室阻滞"),
    ],
)
def test_terms_are_found(network: NetworkWorld, typed: str, first: str) -> None:
    found = network.ask(network.local, ecg_terms.SearchTerms(text=typed, kind=TermKind.DIAGNOSIS))
    assert [one.zh for one in found][:1] == [first]


def test_initials_of_roman_numerals_are_figures() -> None:
    assert keys_of("二度Ⅱ型房室阻滞")[1] == "ed2xfszz"
    assert keys_of("ST 段压低")[1] == "stdyd"


def test_the_tree_has_categories_of_both_kinds(network_of_kind: NetworkWorld) -> None:
    world = network_of_kind
    tree = world.ask(world.local, ecg_terms.ListTerms())
    kinds = {one.kind for one in tree.categories}
    assert kinds == set(TermKind) and len(tree.terms) > 330
    af = next(one for one in tree.terms if one.zh == "心房颤动")
    assert (af.code, af.system, af.initials, af.is_editable) == ("50", "aha", "xfcd", False)
    findings = world.ask(world.local, ecg_terms.ListTerms(kind=TermKind.FINDING))
    assert {one.kind for one in findings.terms} == {TermKind.FINDING}


def test_personal_terms_are_ones_own_and_standard_ones_need_the_right(network: NetworkWorld) -> None:
    world = network
    category = world.ask(world.local, ecg_terms.ListTerms(kind=TermKind.DIAGNOSIS)).categories[0]

    def term(scope: TermScope, zh: str = "我的常用语") -> ecg_terms.TermView:
        return ecg_terms.TermView(
            id=0, version=0, category_id=category.id, kind=TermKind.DIAGNOSIS, scope=scope, zh=zh, en="", initials=""
        )

    mine = world.ask(world.local, ecg_terms.SaveTerm(term=term(TermScope.PERSONAL)))
    assert mine.initials == "wdcyy" and mine.is_editable
    assert world.ask(world.local, ecg_terms.SearchTerms(text="wdcyy"))[0].id == mine.id
    assert world.ask(world.li, ecg_terms.SearchTerms(text="wdcyy")) == ()
    with pytest.raises(Refusal, match="维护"):
        world.ask(world.local, ecg_terms.SaveTerm(term=term(TermScope.HOSPITAL)))
    with pytest.raises(Refusal, match="不能修改"):
        world.ask(world.li, ecg_terms.RemoveTerm(term_id=mine.id, version=mine.version))
    ours = world.ask(world.head, ecg_terms.SaveTerm(term=term(TermScope.HOSPITAL, "本院用语")))
    assert world.ask(world.li, ecg_terms.SearchTerms(text="本院用语"))[0].id == ours.id
    assert world.ask(world.local, ecg_terms.SearchTerms(text="本院用语")) == ()  # another hospital's
    with pytest.raises(Refusal) as double:
        world.ask(world.head, ecg_terms.SaveTerm(term=term(TermScope.HOSPITAL, "本院用语")))
    assert double.value.body.code is ErrorCode.DUPLICATE
    with pytest.raises(Refusal, match="还有术语"):
        world.ask(world.head, ecg_terms.RemoveCategory(category_id=category.id))
    world.ask(world.local, ecg_terms.RemoveTerm(term_id=mine.id, version=mine.version))
    assert world.ask(world.local, ecg_terms.SearchTerms(text="wdcyy")) == ()


def test_categories_are_made_and_removed(network: NetworkWorld) -> None:
    world = network
    own = ecg_terms.CategoryView(
        id=0, parent_id=0, kind=TermKind.FINDING, scope=TermScope.PERSONAL, zh="我的", en="", position=1
    )
    made = world.ask(world.local, ecg_terms.SaveCategory(category=own))
    assert made.id and made.is_editable
    world.ask(world.local, ecg_terms.RemoveCategory(category_id=made.id))
    assert made.id not in {one.id for one in world.ask(world.local, ecg_terms.ListTerms()).categories}
