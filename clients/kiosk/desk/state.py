"""What the kiosk shows; knows no Qt."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from shared.contract.queueing import KioskAnswer, KioskOutcome

LONGEST_NUMBER = 18
"""An identity card's; nothing longer can be typed."""


PRINTED = (KioskOutcome.CHECKED_IN, KioskOutcome.LATE, KioskOutcome.ALREADY)
"""Whose ticket may be printed."""


class Page(enum.StrEnum):
    """What stands in the middle of the screen."""

    CONNECTING = "connecting"  # no server has answered yet
    CLOSED = "closed"  # the line is lost: to the counter
    START = "start"
    ASKING = "asking"
    ANSWER = "answer"
    LOCK = "lock"  # the administrator's code is asked for


class Printing(enum.StrEnum):
    """What became of the ticket."""

    NONE = "none"
    BUSY = "busy"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class KioskState:
    """One picture of the kiosk. `seconds_left`: until it returns to the start by itself."""

    now: datetime
    page: Page = Page.CONNECTING
    hospital_name: str = ""
    hospital_name_en: str = ""
    typed: str = ""
    answer: KioskAnswer | None = None
    sentence: str = ""  # why nothing was looked up
    printing: Printing = Printing.NONE
    seconds_left: int = 0
    code_length: int = 0  # digits of the administrator's code typed so far
    code_wrong: bool = False
    may_leave: bool = False
    trouble: str = ""  # for the administrator, while the line is lost and waiting alone will not help
