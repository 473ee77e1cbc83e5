"""What the hall display shows; knows no Qt."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from shared.contract.queueing import BoardRoom, CallView


class Line(enum.StrEnum):
    """How the line to the server stands, as people in the hall need to know it."""

    CONNECTING = "connecting"  # nothing has come yet
    ONLINE = "online"
    LOST = "lost"  # the board is as old as `last_contact`


@dataclass(frozen=True)
class BoardState:
    """One picture of the board."""

    now: datetime
    line: Line = Line.CONNECTING
    last_contact: datetime | None = None
    hospital_name: str = ""
    rooms: tuple[BoardRoom, ...] = ()
    speaking: CallView | None = None
    announced: tuple[CallView, ...] = ()  # waiting for their turn to be spoken
    news: str = ""
    trouble: str = ""  # why the line is lost, when waiting alone will not help
    voice_trouble: str = ""  # a sentence when no voice can be heard

    @property
    def is_empty(self) -> bool:
        """True when no room has anybody to show."""
        return not any(room.now or room.waiting or room.passed for room in self.rooms)
