"""HL7 v2 messages: read lazily from text, and written. HL7 v2.5.1 chapter 2.5 to 2.8.

A message is kept as its segments' text; fields, repetitions and components are cut only when somebody asks for them,
so that a message of a million repetitions costs no more than its bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Final

from shared.hl7.charsets import CharsetError, codec_of, decoded

MAX_SEGMENTS = 5000
MAX_REPETITIONS = 200
MAX_FIELDS = 500
_BOM = b"\xef\xbb\xbf"
_SEGMENT_ID = re.compile(r"[A-Z][A-Z0-9]{2}\Z")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]")
_HEX = re.compile(r"X((?:[0-9A-Fa-f]{2}){1,200})\Z")
_TIME = re.compile(
    r"(?P<year>\d{4})(?:(?P<month>\d\d)(?:(?P<day>\d\d)(?:(?P<hour>\d\d)(?:(?P<minute>\d\d)"
    r"(?:(?P<second>\d\d)(?:\.(?P<fraction>\d{1,4}))?)?)?)?)?)?(?P<zone>[+-]\d{4})?\Z"
)


class MessageError(ValueError):
    """The text is no HL7 v2 message, or a value has a wrong form. `code` is of HL7 table 0357; `place` is of ERR-2."""

    def __init__(self, sentence: str, code: str = "207", place: tuple[str, int, int] | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.place = place


@dataclass(frozen=True, slots=True)
class Separators:
    """The characters of MSH-1 and MSH-2."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"

    @property
    def encoding_characters(self) -> str:
        return self.component + self.repetition + self.escape + self.subcomponent


STANDARD: Final = Separators()


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment; fields count from 1 as in the standard (MSH-1 is the field separator itself)."""

    name: str
    fields: Sequence[str] = field(repr=False)
    separators: Separators = field(default=STANDARD, repr=False)
    codec: str = field(default="utf-8", repr=False)

    def raw(self, number: int) -> str:
        """Return a field as it stands; empty when it is absent or null (``""``)."""
        index = number - 1 if self.name == "MSH" else number
        if self.name == "MSH" and number == 1:
            return self.separators.field
        value = self.fields[index] if 0 < index < len(self.fields) else ""
        return "" if value == '""' else value

    def is_null(self, number: int) -> bool:
        """Whether the field says that its value shall be deleted (``""``, chapter 2.5.3)."""
        return self.name != "MSH" and number < len(self.fields) and self.fields[number] == '""'

    def repetitions(self, number: int) -> list[str]:
        """Return the repetitions of a field, as they stand. Raises MessageError when there are too many."""
        value = self.raw(number)
        if not value:
            return []
        if value.count(self.separators.repetition) >= MAX_REPETITIONS:
            raise MessageError(
                f"{self.name}-{number} repeats more than {MAX_REPETITIONS} times", "102", (self.name, 1, number)
            )
        return value.split(self.separators.repetition)

    def value(self, number: int, component: int = 1, subcomponent: int = 1) -> str:
        """Return one component of the first repetition, unescaped and trimmed; empty when it is absent."""
        first = self.raw(number).split(self.separators.repetition, 1)[0]
        return self.part(first, component, subcomponent)

    def part(self, repetition: str, component: int = 1, subcomponent: int = 1) -> str:
        """Return one component of a repetition, unescaped and trimmed; empty when it is absent or null."""
        parts = repetition.split(self.separators.component, component)
        if len(parts) < component:
            return ""
        pieces = parts[component - 1].split(self.separators.subcomponent, subcomponent)
        text = pieces[subcomponent - 1] if len(pieces) >= subcomponent else ""
        return "" if text == '""' else unescaped(text, self.separators, self.codec).strip()

    def text(self, number: int) -> str:
        """Return a whole field as text, repetitions one a line: for FT, TX, ST."""
        return "\n".join(unescaped(one, self.separators, self.codec).strip() for one in self.repetitions(number))


@dataclass(frozen=True, slots=True)
class Message:
    """A message whose header could be read."""

    segments: Sequence[Segment] = field(repr=False)
    codec: str = "utf-8"

    @property
    def header(self) -> Segment:
        return self.segments[0]

    @property
    def code(self) -> str:
        """MSH-9.1, for example ORM."""
        return self.header.value(9, 1).upper()

    @property
    def event(self) -> str:
        """MSH-9.2, for example O01."""
        return self.header.value(9, 2).upper()

    @property
    def type(self) -> str:
        """As it is spoken of: ORM^O01."""
        return f"{self.code}^{self.event}" if self.event else self.code

    @property
    def control_id(self) -> str:
        return self.header.value(10)

    def first(self, name: str) -> Segment | None:
        """Return the first segment of a name."""
        return next((one for one in self.segments if one.name == name), None)

    def all(self, name: str) -> Iterator[Segment]:
        """Return all segments of a name in order."""
        return (one for one in self.segments if one.name == name)


def parse(data: bytes, default_codec: str = "") -> Message:
    """Read a message. `default_codec` holds where MSH-18 is empty; without one UTF-8, then GB18030 is tried.

    Raises MessageError (also for wrong characters and an unknown character set).
    """
    data = data.removeprefix(_BOM)
    separators = _separators(data)
    head = data.split(b"\r", 1)[0].split(b"\n", 1)[0].decode("ascii", "replace").split(separators.field)
    named = head[17].split(separators.repetition, 1)[0].split(separators.component, 1)[0] if len(head) > 17 else ""
    try:
        text, codec = decoded(data, codec_of(named.strip()) or default_codec)
    except CharsetError as error:
        raise MessageError(str(error), "102", ("MSH", 1, 18)) from None
    found = _FORBIDDEN.search(text)
    if found is not None:
        line = text.count("\r", 0, found.start()) + 1
        raise MessageError(f"a control character ({ord(found[0]):02X} hex) stands in segment {line}", "102")
    return Message(tuple(_segments(text, separators, codec)), codec)


def header_of(data: bytes) -> Message | None:
    """Return what can be read of the header alone, to answer a message that `parse` refused; None if there is none."""
    try:
        separators = _separators(data.removeprefix(_BOM))
    except MessageError:
        return None
    raw = data.removeprefix(_BOM).split(b"\r", 1)[0].split(b"\n", 1)[0][:2000]
    codec = _named_codec(raw, separators)
    line = _FORBIDDEN.sub("?", raw.decode(codec, "replace"))
    return Message((Segment("MSH", line.split(separators.field)[:30], separators, codec),), codec)


def _named_codec(raw: bytes, separators: Separators) -> str:
    head = raw.decode("ascii", "replace").split(separators.field)
    named = head[17].split(separators.repetition, 1)[0].split(separators.component, 1)[0] if len(head) > 17 else ""
    try:
        return codec_of(named.strip()) or "utf-8"
    except CharsetError:
        return "utf-8"


def _separators(data: bytes) -> Separators:
    if data[:3] != b"MSH" or len(data) < 8:
        raise MessageError("the message does not begin with a segment MSH", "100", ("MSH", 1, 0))
    try:
        mark = data[3:4].decode("ascii")
        others = data[4:20].split(data[3:4], 1)[0].decode("ascii")
    except UnicodeDecodeError:
        raise MessageError("MSH-1 and MSH-2 must be ASCII", "102", ("MSH", 1, 2)) from None
    characters = mark + others
    if not 4 <= len(others) <= 5 or len(set(characters)) < len(characters):
        raise MessageError("MSH-2 must hold four or five different characters", "102", ("MSH", 1, 2))
    if any(one.isalnum() or not "!" <= one <= "~" for one in characters):
        raise MessageError("MSH-1 and MSH-2 must be punctuation", "102", ("MSH", 1, 2))
    return Separators(mark, others[0], others[1], others[2], others[3])


def _segments(text: str, separators: Separators, codec: str) -> Iterator[Segment]:
    lines = [line for line in re.split("[\r\n]+", text, maxsplit=MAX_SEGMENTS) if line.strip()]
    if len(lines) > MAX_SEGMENTS:
        raise MessageError(f"the message has more than {MAX_SEGMENTS} segments", "100")
    for number, line in enumerate(lines, 1):
        fields = line.split(separators.field, MAX_FIELDS)
        if not _SEGMENT_ID.match(fields[0]) or (number > 1 and fields[0] == "MSH"):
            raise MessageError(f"line {number} is not a segment", "100", None)
        if len(fields) > MAX_FIELDS:
            raise MessageError(f"segment {number} has more than {MAX_FIELDS} fields", "102", (fields[0], 1, 0))
        yield Segment(fields[0], fields, separators, codec)


# ── escape sequences ─────────────────────────────────────────────────────────────────────────────────


def unescaped(text: str, separators: Separators = STANDARD, codec: str = "utf-8") -> str:
    """Return text with its escape sequences resolved (chapter 2.7); highlighting is dropped, what is unknown stays."""
    mark = separators.escape
    if mark not in text:
        return text
    out: list[str] = []
    position = 0
    while (start := text.find(mark, position)) >= 0:
        end = text.find(mark, start + 1, start + 420)
        meaning = None if end < 0 else _meaning(text[start + 1 : end], separators, codec)
        out.append(text[position:start])
        if meaning is None:
            out.append(mark)
            position = start + 1
        else:
            out.append(meaning)
            position = end + 1
    out.append(text[position:])
    return "".join(out)


def _meaning(inside: str, separators: Separators, codec: str) -> str | None:
    plain = {
        "F": separators.field,
        "S": separators.component,
        "T": separators.subcomponent,
        "R": separators.repetition,
        "E": separators.escape,
        "P": "#",
        "H": "",
        "N": "",
    }.get(inside)
    if plain is not None:
        return plain
    found = _HEX.match(inside)
    if found is not None:
        shown = bytes.fromhex(found[1]).decode(codec, "replace")
        return _FORBIDDEN.sub("", shown)
    if inside.startswith(".") and len(inside) <= 8:
        command = inside[1:].rstrip("+-0123456789")
        return {"br": "\n", "sp": "\n", "ce": "\n", "in": "", "ti": "", "sk": " ", "fi": "", "nf": ""}.get(command)
    return "" if re.match(r"[CM][0-9A-Fa-f]{4,6}\Z", inside) else None  # other character sets in one message


def escaped(text: str, separators: Separators = STANDARD) -> str:
    """Return text as a component holds it; line ends become \\.br\\, other control characters blanks."""
    mark = separators.escape
    table = {
        ord(separators.escape): f"{mark}E{mark}",
        ord(separators.field): f"{mark}F{mark}",
        ord(separators.component): f"{mark}S{mark}",
        ord(separators.subcomponent): f"{mark}T{mark}",
        ord(separators.repetition): f"{mark}R{mark}",
        10: f"{mark}.br{mark}",
    }
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(table)
    return _FORBIDDEN.sub(" ", text)


@dataclass(frozen=True, slots=True)
class Repeated:
    """A field of several repetitions, each of components."""

    values: Sequence[Sequence[str]]


Value = str | Sequence[str] | Repeated
"""A field to write: its text, its components, or its repetitions."""


def segment(name: str, values: Iterable[tuple[int, Value]]) -> str:
    """Write a segment from (field number, value); texts are escaped. Not for MSH, see `header`."""
    fields: dict[int, str] = {number: _written(value) for number, value in values}
    last = max((number for number, text in fields.items() if text), default=0)
    return "|".join([name, *(fields.get(number, "") for number in range(1, last + 1))])


def header(values: Iterable[tuple[int, Value]]) -> str:
    """Write a segment MSH with the usual separators from (field number, value), beginning with MSH-3."""
    rest = segment("MSH", ((number - 1, value) for number, value in values if number > 2))
    return f"MSH|^~\\&{rest.removeprefix('MSH|')}"


def joined(segments: Iterable[str]) -> str:
    """Return segments as a message."""
    return "".join(f"{one}\r" for one in segments)


def _written(value: Value) -> str:
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, Repeated):
        return "~".join(_written(tuple(one)) for one in value.values)
    return "^".join(escaped(part) for part in value).rstrip("^")


# ── times ────────────────────────────────────────────────────────────────────────────────────────────


def time_of(text: str, zone: tzinfo, place: tuple[str, int, int] | None = None) -> datetime | None:
    """Return a TS or DTM as an aware moment, None for an empty one; without an offset it is in `zone`.

    What is less precise than a day is the first of it. Raises MessageError (102).
    """
    found = _time_match(text, place)
    if found is None:
        return None
    parts = {name: int(found[name] or default) for name, default in (("month", 1), ("day", 1), ("hour", 0))}
    micro = int((found["fraction"] or "0").ljust(6, "0"))
    try:
        moment = datetime(
            int(found["year"]),
            parts["month"],
            parts["day"],
            parts["hour"],
            int(found["minute"] or 0),
            min(int(found["second"] or 0), 59),
            micro,
            tzinfo=_zone(found["zone"]) or zone,
        )
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise MessageError(f"{text[:26]!r} is no time", "102", place) from None


def date_of(text: str, place: tuple[str, int, int] | None = None) -> date | None:
    """Return the day of a DT, TS or DTM as it stands; None for one without a day. Raises MessageError."""
    found = _time_match(text, place)
    if found is None or not found["day"]:
        return None
    try:
        return date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        raise MessageError(f"{text[:26]!r} is no date", "102", place) from None


def _time_match(text: str, place: tuple[str, int, int] | None) -> re.Match[str] | None:
    if not text:
        return None
    found = _TIME.match(text)
    if found is None:
        raise MessageError(f"{text[:26]!r} is no time", "102", place)
    return found


def _zone(text: str | None) -> tzinfo | None:
    if not text:
        return None
    minutes = int(text[1:3]) * 60 + int(text[3:5])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def written_time(moment: datetime, zone: tzinfo) -> str:
    """Return a moment as HL7 writes it, to the second, with the zone's offset."""
    return moment.astimezone(zone).strftime("%Y%m%d%H%M%S%z")
