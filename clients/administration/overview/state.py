"""What the overview shows; frozen, without Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from clients.kit.tokens import Tone
from shared.contract.storage import StoreView


@dataclass(frozen=True)
class Card:
    """One figure with a sentence; `page` and `tab` say where to look closer. Texts are finished."""

    title: str  # Chinese source
    figure: str
    sentence: str
    tone: Tone
    page: str
    tab: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)  # what that page's list shall be narrowed to


@dataclass(frozen=True)
class OverviewState:
    """Cards and stores; `trouble` is why they could not be brought up to date."""

    cards: tuple[Card, ...] = ()
    stores: tuple[StoreView, ...] = ()
    is_loading: bool = False
    trouble: str = ""
