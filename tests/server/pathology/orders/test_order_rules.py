"""The machine of orders pair by pair, and what a result may say."""

from __future__ import annotations

import pytest

from server.pathology.orders import rules
from shared.contract.pathology_orders import Control, Reading, ResultEntry
from shared.domain.pathology import OrderAction, OrderKind, OrderState
from shared.domain.permissions import ROLES, Permission

_S, _A = OrderState, OrderAction
LEADS = {
    (_S.WAITING, _A.DELETE): _S.DELETED,  # PA-SM-ORD-04
    (_S.WAITING, _A.EXECUTE): _S.EXECUTED,  # -05, -06
    (_S.WAITING, _A.REFUSE): _S.REFUSED,  # -08
    (_S.EXECUTED, _A.ENTER_RESULT): _S.RESULTED,  # -07
    (_S.RESULTED, _A.ENTER_RESULT): _S.RESULTED,
    (_S.RESULTED, _A.TAKE_RESULT): _S.RESULTED,
}


def _leads_to(state: OrderState, action: OrderAction, facts: rules.Facts) -> OrderState | None:
    try:
        return rules.step(state, action, facts).next_state
    except rules.NotAllowed as refused:
        assert str(refused).endswith("。")
        return None


def test_every_pair_of_state_and_action_leads_where_the_requirements_say() -> None:
    for state in OrderState:
        for action in OrderAction:
            assert _leads_to(state, action, rules.Facts()) == LEADS.get((state, action)), (state, action)


def test_guards_refuse_others_orders_missing_reasons_and_results_of_technical_orders() -> None:
    assert _leads_to(_S.WAITING, _A.DELETE, rules.Facts(is_own=False)) is None
    assert _leads_to(_S.WAITING, _A.REFUSE, rules.Facts(has_reason=False)) is None
    for kind in OrderKind:
        special = kind in (OrderKind.IMMUNO, OrderKind.SPECIAL_STAIN, OrderKind.MOLECULAR, OrderKind.ELECTRON)
        assert (_leads_to(_S.EXECUTED, _A.ENTER_RESULT, rules.Facts(kind=kind)) is not None) is special


def test_re_grossing_is_the_grossing_rooms_and_the_others_the_technical_rooms() -> None:
    grosser, technician = ROLES["pathology_grosser"], ROLES["pathology_technician"]
    for kind in OrderKind:
        facts = rules.Facts(kind=kind, is_own=False)
        at_bench = kind is OrderKind.REGROSSING
        assert (_A.EXECUTE in rules.allowed(_S.WAITING, facts, grosser)) is at_bench
        assert (_A.EXECUTE in rules.allowed(_S.WAITING, facts, technician)) is not at_bench
    doctor = frozenset({Permission.PATHOLOGY_DIAGNOSE})
    assert rules.allowed(_S.WAITING, rules.Facts(), doctor) == (_A.DELETE,)
    assert rules.allowed(_S.RESULTED, rules.Facts(), doctor) == (_A.ENTER_RESULT, _A.TAKE_RESULT)


@pytest.mark.parametrize(
    ("entry", "score"),
    [
        (ResultEntry(weak=10, moderate=20, strong=30), 140),  # 10 + 2*20 + 3*30
        (ResultEntry(weak=0, moderate=0, strong=100), 300),
        (ResultEntry(percentage=80, intensity=3), 240),
        (ResultEntry(percentage=80, intensity=0), 0),
        (ResultEntry(percentage=30), None),
        (ResultEntry(intensity=2), None),
        (ResultEntry(percentage=5, intensity=1, weak=10, moderate=0, strong=0), 10),
    ],
)
def test_h_score(entry: ResultEntry, score: int | None) -> None:
    assert rules.h_score(entry) == score


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        (ResultEntry(), "reading"),
        (ResultEntry(percentage=101), "percentage"),
        (ResultEntry(percentage=float("nan")), "percentage"),
        (ResultEntry(percentage=0.3), "percentage"),
        (ResultEntry(percentage=10, intensity=4), "intensity"),
        (ResultEntry(weak=10), "weak"),
        (ResultEntry(weak=50, moderate=30, strong=30), "weak"),
        (ResultEntry(reading=Reading.NEGATIVE, percentage=20), "reading"),
        (ResultEntry(reading=Reading.POSITIVE, positive_control=Control.FAILED), "reading"),
        (ResultEntry(reading=Reading.POSITIVE, clone="x" * 61), "clone"),
        (ResultEntry(text="x" * 4001), "text"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(entry: ResultEntry, field: str) -> None:
    with pytest.raises(rules.BadResult) as refused:
        rules.check_result(entry)
    assert refused.value.field == field
    assert str(refused.value).endswith("。")


@pytest.mark.parametrize(
    ("marker", "entry", "zh", "en"),
    [
        ("CK7", ResultEntry(reading=Reading.POSITIVE), "CK7（+）", "CK7 (+)"),
        ("CK20", ResultEntry(reading=Reading.NEGATIVE), "CK20（－）", "CK20 (-)"),
        ("Ki-67", ResultEntry(reading=Reading.POSITIVE, percentage=30), "Ki-67（30%+）", "Ki-67 (30%+)"),
        ("Ki-67", ResultEntry(percentage=2.5), "Ki-67（2.5%+）", "Ki-67 (2.5%+)"),
        ("P53", ResultEntry(reading=Reading.NEGATIVE, percentage=0, intensity=0), "P53（－）", "P53 (-)"),
        ("P53", ResultEntry(reading=Reading.NEGATIVE, percentage=0.5), "P53（－，0.5%）", "P53 (-, 0.5%)"),
        (
            "ER",
            ResultEntry(reading=Reading.POSITIVE, percentage=80, intensity=3),
            "ER（强+，80%，H-score 240）",
            "ER (strong +, 80%, H-score 240)",
        ),
        ("EGFR", ResultEntry(text="19外显子\n缺失突变"), "EGFR：19外显子 缺失突变", "EGFR: 19外显子 缺失突变"),
        ("", ResultEntry(text="足突融合"), "足突融合", "足突融合"),
    ],
)
def test_words_of_a_result(marker: str, entry: ResultEntry, zh: str, en: str) -> None:
    rules.check_result(entry)
    assert rules.words_of(marker, entry) == zh
    assert rules.words_of(marker, entry, "en") == en
