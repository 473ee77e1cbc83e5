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
    """One picture of the board. Times are of the hospital's wall clock."""

    now: datetime
    line: Line = Line.CONNECTING
    last_contact: datetime | None = None
    hospital_name: str = ""
    hall_name: str = ""
    rooms: tuple[BoardRoom, ...] = ()  # of all pages
    page: int = 0
    per_page: int = 12
    speaking: tuple[CallView, ...] = ()  # patients called to one room, being spoken
    latest: tuple[CallView, ...] = ()  # what was spoken last, shown still until it is old
    announced: tuple[CallView, ...] = ()  # waiting for their turn to be spoken
    news: str = ""
    trouble: str = ""  # why the line is lost, when waiting alone will not help
    voice_trouble: str = ""  # a sentence when no voice can be heard
    shows_passed: bool = True
    shows_forecast: bool = True
    turn: int = 0  # counts slowly; what shares a place takes turns by it
    shift: tuple[int, int] = (0, 0)  # pixels by which everything moves, against burning in

    @property
    def is_empty(self) -> bool:
        """True when no room has anybody to show."""
        return not any(room.now or room.waiting or room.passed for room in self.rooms)

    @property
    def pages(self) -> int:
        """How many pages the rooms fill, at least 1."""
        return max(1, -(-len(self.rooms) // max(1, self.per_page)))

    @property
    def shown_rooms(self) -> tuple[BoardRoom, ...]:
        """The rooms of the present page, as evenly spread over the pages as they can be."""
        each = -(-len(self.rooms) // self.pages)
        return self.rooms[self.page * each : (self.page + 1) * each]

    def page_of(self, room_id: int) -> int:
        """The page on which a room is; the present one if it is on none."""
        each = -(-len(self.rooms) // self.pages)
        places = [place for place, room in enumerate(self.rooms) if room.room_id == room_id]
        return places[0] // each if places else self.page

    @property
    def called(self) -> tuple[CallView, ...]:
        """What stands in the big field: what is spoken, else what was spoken last."""
        return self.speaking or self.latest
