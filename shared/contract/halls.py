"""Waiting halls (候诊大厅): which rooms a display shows, its news, its voice, its volume by the hour."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Query
from shared.domain.permissions import Permission


class SpokenLanguages(StrEnum):
    """In which languages a hall is spoken to, in this order."""

    CHINESE = "zh"
    ENGLISH = "en"
    BOTH = "both"


class SpokenName(StrEnum):
    """How much of the name the voice says; the screen always shows the masked one (RIS-EX-13)."""

    FULL = "full"
    MASKED = "masked"  # 张某明
    NUMBER_ONLY = "number_only"


class SpokenNumber(StrEnum):
    """How the Chinese voice says the ticket A012."""

    PLAIN = "plain"  # 十二号; with the letter where no name is spoken
    WITH_LETTER = "with_letter"  # A十二号
    DIGITS = "digits"  # A零一二号


class NewsLine(msgspec.Struct, frozen=True, kw_only=True):
    """One text of the news line; `text_en` is shown where the display speaks English, else the Chinese one."""

    text: str
    text_en: str = ""


class VolumeStep(msgspec.Struct, frozen=True, kw_only=True):
    """From this minute of the day (0 to 1439, the hospital's clock) the voice has this volume (0 to 100)."""

    minute: int
    percent: int


class HallRoom(msgspec.Struct, frozen=True, kw_only=True):
    """A room of a hall, with what the voice calls it."""

    room_id: int
    name: str
    name_en: str
    spoken_name: str
    spoken_name_en: str


class HallSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What an administrator chooses for a hall. The defaults serve a display that names no hall."""

    name: str
    name_en: str = ""
    room_ids: tuple[int, ...] = ()  # in the order of the screen; empty: all rooms
    news: tuple[NewsLine, ...] = ()
    languages: SpokenLanguages = SpokenLanguages.CHINESE
    spoken_name: SpokenName = SpokenName.FULL
    repetitions: int = 2  # how often a call is spoken, 1 to 9
    pause_s: float = 1.0  # between repetitions, 0.3 to 5
    has_chime: bool = True
    spoken_number: SpokenNumber = SpokenNumber.PLAIN
    says_yao: bool = False  # 1 is read 幺 where digits are read one by one
    volumes: tuple[VolumeStep, ...] = ()  # ascending; empty: full volume all day
    rooms_per_page: int = 0  # 1 to 16; 0: as many as are legible on the screen
    page_seconds: int = 12  # 4 to 120
    shows_passed: bool = True
    shows_forecast: bool = True


class HallView(msgspec.Struct, frozen=True, kw_only=True):
    """A hall. `id` 0: the hall that stands for all rooms when none is chosen."""

    id: int
    version: int
    settings: HallSettings
    rooms: tuple[HallRoom, ...] = ()  # in the order of the screen
    utc_offset_minutes: int = 0  # of the hospital's wall clock now, so that a wrong zone of the display does no harm
    time: datetime | None = None  # the server's present moment


class ListHalls(Query[tuple[HallView, ...]], frozen=True, kw_only=True):
    """All halls by name."""

    method = "halls.list_halls"
    permission = Permission.ADMINISTER
    audit = AuditClass.ROUTINE


class GetHall(Query[HallView], frozen=True, kw_only=True):
    """The hall of a display by its name; with an empty name, all rooms with the default settings.

    Refusals: NOT_FOUND.
    """

    method = "halls.get_hall"
    permission = Permission.DISPLAY
    audit = AuditClass.ROUTINE

    name: str = ""


class SaveHall(Command[HallView], frozen=True, kw_only=True):
    """Add (id 0) or change a hall. Refusals: INVALID, CONFLICT, NOT_FOUND."""

    method = "halls.save_hall"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    id: int = 0
    version: int = 0
    settings: HallSettings


class RemoveHall(Command[Nothing], frozen=True, kw_only=True):
    """Forget a hall; its displays keep what they know and say that the hall is gone. Refusals: NOT_FOUND."""

    method = "halls.remove_hall"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    id: int
