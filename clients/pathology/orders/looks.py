"""How orders look in lists; knows no Qt."""

from __future__ import annotations

from clients.kit.paging import Align, Column, local_time
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.pathology_orders import OrderView
from shared.domain.pathology import ORDER_KINDS, ORDER_STATES, SPECIAL_ORDERS, TECHNICAL_ORDERS, OrderKind, OrderState

_TONES = {
    OrderState.WAITING: (Tone.INFO, "hourglass"),
    OrderState.EXECUTED: (Tone.ACTIVE, "check"),
    OrderState.RESULTED: (Tone.SUCCESS, "check_circle"),
    OrderState.REFUSED: (Tone.DANGER, "undo"),
    OrderState.DELETED: (Tone.NEUTRAL, "clear"),
}
STATE_LOOKS = {state.value: StateLook(word.zh, *_TONES[state]) for state, word in ORDER_STATES.items()}
URGENT = StateLook("急", Tone.DANGER, "alert")
NEWS = StateLook("新", Tone.ACTIVE, "bell")


def kind_words(row: OrderView) -> str:
    """The order in a few words: 免疫组化 Ki-67, 深切 ×3."""
    words = " ".join(part for part in (tr(ORDER_KINDS[row.kind].zh), row.marker) if part)
    return f"{words} ×{row.count}" if row.count > 1 else words


def short_words(row: OrderView) -> str:
    """The same for narrow lists: the marker first, since the end may be cut."""
    words = " ".join(part for part in (row.marker, tr(ORDER_KINDS[row.kind].zh)) if part)
    return f"{words} ×{row.count}" if row.count > 1 else words


def outcome(row: OrderView) -> str:
    """What became of it: result, slides, or why it was returned."""
    if row.result is not None:
        return row.result.words
    return row.reason or "、".join(row.slides)


def urgency(row: OrderView) -> list[StateLook]:
    """Urgent orders stand out while they wait."""
    return [URGENT] if row.is_urgent and row.state is OrderState.WAITING else []


def news(row: OrderView) -> list[StateLook]:
    """What the ordering doctor has not seen yet, too."""
    return [*urgency(row), NEWS] if row.is_news else urgency(row)


PIECE = Column("piece", "蜡块/标本", 118, value=lambda row: row.piece or row.case_number, sort=False)
KIND = Column("kind", "医嘱", 0, value=kind_words, strong=True, marks=urgency, sort=False)
NARROW_KIND = Column("kind", "医嘱", 0, value=short_words, strong=True, marks=urgency, sort=False)
NEWS_KIND = Column("kind", "医嘱", 150, value=short_words, strong=True, marks=news, sort=False)
STATE = Column("state", "执行状态", 96, value=lambda row: row.state.value, looks=STATE_LOOKS, sort=False)
OUTCOME = Column("outcome", "结果与玻片", 180, value=outcome, sort=False)
WIDE_OUTCOME = Column("outcome", "结果与玻片", 0, value=outcome, sort=False)
BY = Column("placed_by", "开立医师", 76, sort=False)
AT = Column("placed_at", "开立时间", 126, format=local_time, quiet=True, sort=False)
COUNT = Column("count", "张数", 52, Align.RIGHT, sort=False)
DONE = Column("done", "执行人", 76, value=lambda row: row.executed_by or row.refused_by, quiet=True, sort=False)

KINDS_OF: dict[str, tuple[OrderKind, ...]] = {"technical": TECHNICAL_ORDERS, "special": SPECIAL_ORDERS}
