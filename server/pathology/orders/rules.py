"""The machine of an order as a table (PA-SM-ORD), and what is true of results without a database."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.contract.pathology_orders import INTENSITIES, Control, Reading, ResultEntry
from shared.contract.pathology_templates import MarkerKind
from shared.domain.pathology import (
    ORDER_ACTIONS,
    ORDER_KINDS,
    ORDER_STATES,
    SPECIAL_ORDERS,
    BlockState,
    OrderAction,
    OrderKind,
    OrderState,
)
from shared.domain.permissions import Permission

MAX_COUNT = 50
EMBEDDED = frozenset({BlockState.TO_SECTION, BlockState.SECTIONED, BlockState.ARCHIVED})
"""States of a block of which something can be cut, now or after it was taken out of the archive."""
MARKER_KINDS = {
    OrderKind.IMMUNO: MarkerKind.IHC,
    OrderKind.SPECIAL_STAIN: MarkerKind.SPECIAL_STAIN,
    OrderKind.MOLECULAR: MarkerKind.MOLECULAR,
}
"""Kinds of orders that need markers; electron microscopy has none."""
WORD_LENGTH, TEXT_LENGTH = 60, 4000


class Guard(StrEnum):
    """A condition beside state and right."""

    NONE = "none"
    OWN = "own"  # the ordering doctor's
    REASON = "reason"
    SPECIAL = "special"


@dataclass(frozen=True, slots=True)
class Facts:
    """What guards look at; the defaults hold."""

    kind: OrderKind = OrderKind.IMMUNO
    is_own: bool = True
    has_reason: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """One allowed step: where it leads, under which guard."""

    next_state: OrderState
    guard: Guard = Guard.NONE


class NotAllowed(Exception):
    """The table or a guard says no; the message is a sentence with a next step."""


_S, _A, _P = OrderState, OrderAction, Permission
STEPS: dict[tuple[OrderState, OrderAction], Step] = {
    (_S.WAITING, _A.DELETE): Step(_S.DELETED, Guard.OWN),
    (_S.WAITING, _A.EXECUTE): Step(_S.EXECUTED),
    (_S.WAITING, _A.REFUSE): Step(_S.REFUSED, Guard.REASON),
    (_S.EXECUTED, _A.ENTER_RESULT): Step(_S.RESULTED, Guard.SPECIAL),
    (_S.RESULTED, _A.ENTER_RESULT): Step(_S.RESULTED, Guard.SPECIAL),  # corrected
    (_S.RESULTED, _A.TAKE_RESULT): Step(_S.RESULTED),
}
"""PLACE is not here: it makes the order."""

_SENTENCES = {
    Guard.OWN: "只能删除自己开立的医嘱，请联系开立医师。",
    Guard.REASON: "请填写退回原因。",
    Guard.SPECIAL: "技术医嘱没有检测结果，请在特检医嘱中录入。",
}


def step(state: OrderState, action: OrderAction, facts: Facts) -> Step:
    """Return the step, or raise NotAllowed."""
    found = STEPS.get((state, action))
    if found is None:
        raise NotAllowed(f"医嘱当前状态为{ORDER_STATES[state].zh}，不能{ORDER_ACTIONS[action].zh}。")
    if not _met(found.guard, facts):
        raise NotAllowed(_SENTENCES[found.guard])
    return found


def rights(kind: OrderKind, action: OrderAction) -> frozenset[Permission]:
    """Return the rights of which one is needed: re-grossing is the grossing room's, the others the technical room's."""
    if action in (_A.PLACE, _A.DELETE, _A.TAKE_RESULT):
        return frozenset({_P.PATHOLOGY_DIAGNOSE})
    if action is _A.ENTER_RESULT:  # technicians type what a machine measured, doctors what they read
        return frozenset({_P.PATHOLOGY_EXECUTE_ORDERS, _P.PATHOLOGY_DIAGNOSE})
    return frozenset({_P.PATHOLOGY_GROSS if kind is OrderKind.REGROSSING else _P.PATHOLOGY_EXECUTE_ORDERS})


def allowed(state: OrderState, facts: Facts, permissions: frozenset[Permission]) -> tuple[OrderAction, ...]:
    """Return what may be done; a reason can still be given."""
    return tuple(
        action
        for action in OrderAction
        if (found := STEPS.get((state, action))) is not None
        and _met(found.guard, facts)
        and rights(facts.kind, action) & permissions
    )


def _met(guard: Guard, facts: Facts) -> bool:
    if guard is Guard.OWN:
        return facts.is_own
    if guard is Guard.REASON:
        return facts.has_reason
    return guard is not Guard.SPECIAL or facts.kind in SPECIAL_ORDERS


# ── results ──────────────────────────────────────────────────────────────────────────────────────────


class BadResult(Exception):
    """What is wrong with a result: the field and a sentence."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def check_result(entry: ResultEntry) -> None:
    """Raise BadResult for what cannot be."""
    for name in ("percentage", "weak", "moderate", "strong"):
        value = getattr(entry, name)
        if value is not None and not (0 <= value <= 100 and value * 2 % 1 == 0):
            raise BadResult(name, "百分比应为 0 到 100，最小 0.5。")
    if entry.intensity is not None and not 0 <= entry.intensity < len(INTENSITIES):
        raise BadResult("intensity", "强度应为 0 到 3。")
    parts = [entry.weak, entry.moderate, entry.strong]
    if any(part is not None for part in parts):
        if any(part is None for part in parts):
            raise BadResult("weak", "弱、中、强三项百分比请一起填写，没有的填 0。")
        if sum(part or 0 for part in parts) > 100:
            raise BadResult("weak", "弱、中、强三项百分比之和不能超过 100。")
    for name in ("clone", "lot"):
        if len(getattr(entry, name)) > WORD_LENGTH:
            raise BadResult(name, f"最多 {WORD_LENGTH} 个字。")
    if len(entry.text) > TEXT_LENGTH:
        raise BadResult("text", f"结果描述最多 {TEXT_LENGTH} 个字。")
    if Control.FAILED in (entry.positive_control, entry.negative_control) and entry.reading is not None:
        raise BadResult("reading", "对照不合格时不能判读阴性或阳性，请重做后再录入；可在描述中说明。")
    if entry.reading is None and percentage_of(entry) is None and not entry.text.strip():
        raise BadResult("reading", "请填写判读、百分比或结果描述中的至少一项。")
    if entry.reading is Reading.NEGATIVE and (percentage_of(entry) or 0) >= 1:
        raise BadResult("reading", "阳性百分比不低于 1% 时不能判为阴性，请核对。")


def percentage_of(entry: ResultEntry) -> float | None:
    """Return the percentage of stained cells: the sum of the three parts, else what was typed."""
    if entry.weak is not None and entry.moderate is not None and entry.strong is not None:
        return entry.weak + entry.moderate + entry.strong
    return entry.percentage


def h_score(entry: ResultEntry) -> int | None:
    """Return the H-score, 0 to 300: weak + 2 moderate + 3 strong percent (McCarty KS et al., 1985), else None.

    Without the three parts it is the percentage times the one intensity that was named.
    """
    if entry.weak is not None and entry.moderate is not None and entry.strong is not None:
        return round(entry.weak + 2 * entry.moderate + 3 * entry.strong)
    if entry.percentage is not None and entry.intensity is not None:
        return round(entry.percentage * entry.intensity)
    return None


_SIGNS = {
    "zh": {Reading.NEGATIVE: "－", Reading.POSITIVE: "+", Reading.FOCAL: "灶+", Reading.EQUIVOCAL: "±"},
    "en": {Reading.NEGATIVE: "-", Reading.POSITIVE: "+", Reading.FOCAL: "focal +", Reading.EQUIVOCAL: "±"},
}
_ENGLISH_STRENGTH = ("no staining", "weak", "moderate", "strong")


def words_of(marker: str, entry: ResultEntry, language: str = "zh") -> str:
    """Return a result as it stands in a report: ER（强+，80%，H-score 240）, Ki-67（30%+）."""
    language = "en" if language == "en" else "zh"
    percentage = percentage_of(entry)
    amount = f"{percentage:g}%" if percentage is not None else ""
    sign = _SIGNS[language].get(entry.reading, "") if entry.reading is not None else ""
    strength = ""
    if entry.intensity:
        strength = _ENGLISH_STRENGTH[entry.intensity] if language == "en" else INTENSITIES[entry.intensity].zh
    comma = ", " if language == "en" else "，"
    if amount and not strength:
        parts = [f"{amount}{sign or '+'}" if entry.reading is not Reading.NEGATIVE else f"{sign}{comma}{amount}"]
    else:
        space = " " if language == "en" and strength and sign else ""
        parts = [f"{strength}{space}{sign}", amount]
    score = h_score(entry)
    if entry.reading is Reading.NEGATIVE and not percentage:
        parts, score = [sign], None  # nothing is stained: the sign says it all
    if score is not None:
        parts.append(f"H-score {score}")
    inside = comma.join(part for part in parts if part)
    text = " ".join(entry.text.split())
    if not inside:
        return f"{marker}{': ' if language == 'en' else '：'}{text}" if marker else text
    shown = f"{marker} ({inside})" if language == "en" else f"{marker}（{inside}）"
    return f"{shown}{comma}{text}" if text else shown


def title(kind: OrderKind, language: str) -> str:
    """Return what a kind of order is called."""
    return ORDER_KINDS[kind].en if language == "en" else ORDER_KINDS[kind].zh
