"""Acknowledgements in original and enhanced mode. HL7 v2.5.1 chapters 2.9, 2.15.1 (ACK), 2.15.5 (ERR), 2.15.8 (MSA)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from shared.hl7.charsets import NAMES_WE_WRITE, CharsetError, codec_of
from shared.hl7.message import Message, Segment, Value, header, joined, segment, written_time

CONDITIONS = {
    "100": "Segment sequence error",
    "101": "Required field missing",
    "102": "Data type error",
    "103": "Table value not found",
    "200": "Unsupported message type",
    "201": "Unsupported event code",
    "202": "Unsupported processing id",
    "203": "Unsupported version id",
    "204": "Unknown key identifier",
    "205": "Duplicate key identifier",
    "206": "Application record locked",
    "207": "Application internal error",
}
"""HL7 table 0357, message error condition codes."""
REJECTIONS = frozenset({"200", "201", "202", "203"})
"""Conditions that say AR and not AE."""
_VERSION = re.compile(r"2\.\d(\.\d)?\Z")
_ANSWERS = frozenset({"ACK", "MCF"})
_NEVER, _ALWAYS, _ON_ERROR, _ON_SUCCESS = "NE", "AL", "ER", "SU"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a message was not obeyed: condition of table 0357, place (segment, sequence, field), sentences."""

    code: str
    sentence: str  # English, for whoever reads logs
    place: tuple[str, int, int] | None = None
    shown: str = ""  # for the sender's user, ERR-8
    rejects: bool = False  # AR whatever the code

    @property
    def is_rejection(self) -> bool:
        """Whether the message's kind or sender is not for us (chapter 2.9.2.2): AR and not AE."""
        return self.rejects or self.code in REJECTIONS


@dataclass(frozen=True, slots=True)
class Answering:
    """What acknowledgements are made with."""

    new_id: Callable[[], str]
    now: Callable[[], datetime]
    zone: tzinfo


def acknowledgements(asked: Message, fault: Fault | None, with_: Answering) -> list[str]:
    """Return what a message is answered with, as texts to be framed: none, one or two.

    In original mode (MSH-15 and MSH-16 empty) AA, AE or AR. In enhanced mode a commit acknowledgement (CA, CR) as
    MSH-15 wants, then the application's as MSH-16 wants; what is kept in the journal is committed, obeyed or not.
    """
    if asked.code in _ANSWERS:
        return []  # two systems would acknowledge each other's acknowledgements for ever
    commit, application = asked.header.value(15).upper(), asked.header.value(16).upper()
    if not commit and not application:
        return [acknowledgement(asked, code_of(fault), fault, with_)]
    answers: list[str] = []
    is_rejected = fault is not None and fault.is_rejection
    if _wanted(commit, is_fault=is_rejected):
        answers.append(acknowledgement(asked, "CR" if is_rejected else "CA", fault if is_rejected else None, with_))
        if is_rejected:
            return answers
    if _wanted(application, is_fault=fault is not None):
        answers.append(acknowledgement(asked, code_of(fault), fault, with_, is_enhanced=True))
    return answers


def code_of(fault: Fault | None) -> str:
    """Return AA, AE or AR."""
    if fault is None:
        return "AA"
    return "AR" if fault.is_rejection else "AE"


def acknowledgement(
    asked: Message, code: str, fault: Fault | None, with_: Answering, *, is_enhanced: bool = False
) -> str:
    """Return one ACK; it is written in the version of the message, with the ERR segment of that version."""
    from_, version = asked.header, asked.header.value(12)
    version = version if _VERSION.match(version) else "2.5"
    event = asked.event[:3] or "R01"
    kind: Sequence[str] = ("ACK", event) if version < "2.3.1" else ("ACK", event, "ACK")
    fields: list[tuple[int, Value]] = [
        (3, _both(from_, 5)),
        (4, _both(from_, 6)),
        (5, _both(from_, 3)),
        (6, _both(from_, 4)),
        (7, written_time(with_.now(), with_.zone)),
        (9, kind),
        (10, with_.new_id()[:20]),
        (11, from_.value(11)[:1] or "P"),
        (12, version),
        (18, _charset(from_.value(18))),
    ]
    if is_enhanced:
        fields += [(15, _NEVER), (16, _NEVER)]
    about = f"{fault.sentence}" if fault is not None else ""
    lines = [header(fields), segment("MSA", [(1, code), (2, asked.control_id[:199]), (3, about[:80])])]
    if fault is not None:
        lines.append(_error(fault, version))
    return joined(lines)


def _wanted(condition: str, *, is_fault: bool) -> bool:
    if condition == _ALWAYS:
        return True
    return is_fault if condition == _ON_ERROR else not is_fault if condition == _ON_SUCCESS else False


def _charset(named: str) -> str:
    """The set that an answer names: as the message did; UTF-8, in which it is then written, for an unknown one."""
    try:
        codec_of(named)
    except CharsetError:
        return NAMES_WE_WRITE["UTF-8"]
    return named[:40]


def _both(of: Segment, number: int) -> Value:
    return tuple(of.value(number, component)[:180] for component in (1, 2, 3))


def _error(fault: Fault, version: str) -> str:
    words = CONDITIONS.get(fault.code, "")
    name, sequence, number = fault.place or ("", 0, 0)
    where = (name, str(sequence or ""), str(number or ""))
    if version < "2.5":  # ERR-1 is an ELD: segment, sequence, field, code (CE); its subcomponents are not escaped
        place = "^".join(where)
        return f"ERR|{place}^{fault.code}&{words}&HL70357"
    return segment(
        "ERR",
        [
            (2, where if name else ""),
            (3, (fault.code, words, "HL70357")),
            (4, "E"),
            (7, fault.sentence[:250]),
            (8, fault.shown[:250]),
        ],
    )
