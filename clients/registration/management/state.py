"""What registration management shows; knows no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from shared.domain.states import RegistrationState


class Special(StrEnum):
    """登记类别: what happened to a registration beside its state."""

    ALL = ""
    PLAIN = "plain"  # 普通登记
    REFERRAL = "referral"  # 转诊
    AWAITING = "awaiting"  # 转诊待接收
    MOVED = "moved"  # 改约
    NO_SHOW = "no_show"  # 爽约


@dataclass(frozen=True)
class Filters:
    """The filters as typed; None and empty do not filter."""

    state: RegistrationState | None = None  # None: 全部
    registered_from: date | None = None
    registered_to: date | None = None
    planned_from: date | None = None
    planned_to: date | None = None
    exam_type: str = ""
    body_part: str = ""
    patient_name: str = ""
    his_number: str = ""
    accession_number: str = ""
    card_number: str = ""
    room_id: int | None = None
    special: Special = Special.ALL


@dataclass(frozen=True)
class ManagementState:
    """The filters being typed and those applied last. The rows are fetched in windows as the clerk looks at them.

    Every change of `generation` means: ask for the visible rows again.
    """

    typed: Filters = field(default_factory=Filters)
    applied: Filters = field(default_factory=Filters)
    wrong_range: str = ""  # sentence when a range ends before it begins
    counts: Mapping[str, int] = field(default_factory=dict)  # per registration state, under the other filters
    total: int = 0
    generation: int = 0
    pending_cancel: frozenset[int] = frozenset()

    @property
    def has_unapplied(self) -> bool:
        """True while the rows do not answer what is typed."""
        return self.typed != self.applied
