"""What the self-service printer shows; knows no Qt."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from shared.contract.report_paper import SelfPrintItem

DIGITS = 4


class Page(enum.StrEnum):
    """What stands in the middle of the screen."""

    CONNECTING = "connecting"
    CLOSED = "closed"  # the line is lost
    START = "start"  # scan
    DIGITS = "digits"  # the last four
    ASKING = "asking"
    PRINTING = "printing"
    TROUBLE = "trouble"  # the printer does not do it: again, or to the counter
    DONE = "done"  # papers came, or there are none
    LOCK = "lock"  # the administrator's code


@dataclass(frozen=True)
class PapersState:
    """One picture. `seconds_left`: until it returns to the start by itself."""

    now: datetime
    page: Page = Page.CONNECTING
    hospital_name: str = ""
    hospital_name_en: str = ""
    typed: str = ""
    sentence: str = ""
    head: str = ""  # of the last page
    step: str = ""
    is_good: bool = False
    items: tuple[SelfPrintItem, ...] = ()  # what is not printed, and why
    number: int = 0  # of the paper that is being printed
    count: int = 0  # of papers that wait in all
    seconds_left: int = 0
    code_length: int = 0
    code_wrong: bool = False
    may_leave: bool = False
    trouble: str = ""  # for the administrator
