"""Which calls are spoken next, and with which words, as a hall wants them; knows no Qt and no voice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clients.kit.voice.announcement import Announcement, SpokenText
from clients.kit.voice.numerals import ticket_words
from clients.kit.voice.reading import as_name, name_in
from shared.contract.halls import HallRoom, HallSettings, SpokenLanguages, SpokenName, SpokenNumber
from shared.contract.queueing import CallView

MOST_TOGETHER = 3
"""So many patients of one room are called in one sentence; more could not be remembered."""


def next_calls(waiting: Sequence[CallView]) -> tuple[CallView, ...]:
    """The calls to speak now: urgent ones first, then the oldest, with those who were called to the same room.

    A call that was repeated while it still waited comes with its repetition: both are over when it was spoken.
    """
    if not waiting:
        return ()
    first = min(waiting, key=lambda call: (not call.is_urgent, call.call_id))
    same_room = [
        call
        for call in sorted(waiting, key=lambda call: call.call_id)
        if call.room_id == first.room_id and call.is_urgent == first.is_urgent
    ]
    tickets: list[int] = []
    for call in same_room:
        if call.ticket_id not in tickets:
            tickets.append(call.ticket_id)
    together = tickets[:MOST_TOGETHER]
    return tuple(call for call in same_room if call.ticket_id in together)


def spoken_patients(calls: Sequence[CallView]) -> tuple[CallView, ...]:
    """One call for each patient, the newest of each, in the order in which they were called."""
    newest: dict[int, CallView] = {}
    for call in calls:
        newest[call.ticket_id] = call
    return tuple(newest.values())


def announcement_of(calls: Sequence[CallView], hall: HallSettings, rooms: Mapping[int, HallRoom]) -> Announcement:
    """The words of calls to one room in the languages of the hall. `calls` is not empty."""
    patients = spoken_patients(calls)
    texts: list[SpokenText] = []
    if hall.languages is not SpokenLanguages.ENGLISH:
        texts.append(SpokenText(_chinese(patients, hall, rooms), "zh"))
    if hall.languages is not SpokenLanguages.CHINESE:
        texts.append(SpokenText(_english(patients, hall, rooms), "en"))
    return Announcement(",".join(str(call.call_id) for call in calls), tuple(texts))


def _chinese(patients: Sequence[CallView], hall: HallSettings, rooms: Mapping[int, HallRoom]) -> str:
    style = hall.spoken_number
    if hall.spoken_name is SpokenName.NUMBER_ONLY and style is SpokenNumber.PLAIN:
        style = SpokenNumber.WITH_LETTER  # 三号 alone could be of any room
    called = []
    for call in patients:
        name = _name(call, hall.spoken_name)
        number = ticket_words(call.number, style, one_as_yao=hall.says_yao)
        called.append(f"{number}号" + (f"，{as_name(name)}" if name else ""))
    room = rooms.get(patients[0].room_id)
    return f"请{'，'.join(called)}，到{room.spoken_name if room is not None else patients[0].room_name}检查。"


def _english(patients: Sequence[CallView], hall: HallSettings, rooms: Mapping[int, HallRoom]) -> str:
    called = []
    for call in patients:
        name = _name(call, hall.spoken_name)
        called.append(f"{' '.join(call.number)}" + (f", {as_name(name)}" if name else ""))
    room = rooms.get(patients[0].room_id)
    english = room.spoken_name_en or room.name_en if room is not None else ""
    head = "Number" if len(called) == 1 else "Numbers"
    return f"{head} {', '.join(called)}, please go to {english or patients[0].room_name}."


def _name(call: CallView, rule: SpokenName) -> str:
    """Empty where no name is spoken; the full one is in the server's sentence, if the hospital speaks names at all."""
    if rule is SpokenName.NUMBER_ONLY:
        return ""
    full = name_in(call.spoken_text)
    if not full:
        return ""
    return full if rule is SpokenName.FULL else call.masked_name
