"""Media types of requests and answers (PS3.18 8.7): parsed by hand in linear time, chosen by the rules there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from server.doors.web.dicomweb.ports import Refusal

MAX_HEADER = 8000
MAX_CHOICES = 50

JSON = "application/dicom+json"
XML = "application/dicom+xml"
DICOM = "application/dicom"
OCTETS = "application/octet-stream"
MULTIPART = "multipart/related"

_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/")


@dataclass(frozen=True, slots=True)
class MediaType:
    """One alternative of an Accept header. `name` and parameter names are in lower case."""

    name: str
    parameters: dict[str, str] = field(default_factory=dict)
    q: float = 1.0

    @property
    def is_multipart(self) -> bool:
        return self.name in (MULTIPART, "multipart/*")

    @property
    def inner(self) -> str:
        """The type of the parts of a multipart type ("*/*" when it does not say), of any other type itself."""
        if not self.is_multipart:
            return self.name
        return self.parameters.get("type", "*/*").lower()

    @property
    def syntax(self) -> str:
        """The transfer-syntax parameter; empty when there is none."""
        return self.parameters.get("transfer-syntax", "").strip()

    def takes(self, name: str) -> bool:
        """Whether parts (or the whole) of type `name` are accepted."""
        inner = self.inner
        return inner in (name, "*/*") or (inner.endswith("/*") and name.startswith(inner[:-1]))


def parse(text: str) -> list[MediaType]:
    """The alternatives of an Accept header or parameter, best first. Raises Refusal (400)."""
    return [media for media in _all(text) if media.q > 0]


def _all(text: str) -> list[MediaType]:
    """Those with q=0 too."""
    if len(text) > MAX_HEADER:
        raise Refusal(400, "The Accept header is too long.")
    found: list[MediaType] = []
    position = 0
    while position < len(text):
        media, position = _media_type(text, position)
        if media is not None:
            found.append(media)
        if len(found) > MAX_CHOICES:
            raise Refusal(400, f"The Accept header names more than {MAX_CHOICES} media types.")
    return sorted(found, key=lambda media: -media.q)  # stable: equal ones stay in the order of the header


def parse_one(text: str) -> MediaType:
    """A Content-Type. Raises Refusal (415)."""
    media = None
    if len(text) <= MAX_HEADER:
        media, _ = _media_type(text, 0)
    if media is None or "/" not in media.name:
        raise Refusal(415, "The Content-Type header is missing or malformed.")
    return media


def wanted(accept: str, parameter: str) -> list[MediaType]:
    """What the client takes: the accept query parameter goes before the header (PS3.18 8.3.3.1); all if neither.

    Raises Refusal (406) when everything named is refused by q=0 (RFC 9110 12.4.2).
    """
    named = (_all(parameter) if parameter else []) or _all(accept)
    choices = [media for media in named if media.q > 0]
    if named and not choices:
        raise Refusal(406, "The Accept header refuses every media type that it names.")
    return choices or [MediaType("*/*")]


def choose(choices: Sequence[MediaType], offered: Sequence[str]) -> str:
    """The first of `offered` (whole types, or parts of a multipart) for the best choice. Raises Refusal (406)."""
    for media in choices:
        for name in offered:
            if media.takes(name):
                return name
    raise not_acceptable(offered)


def not_acceptable(offered: Sequence[str]) -> Refusal:
    return Refusal(406, f"None of the media types in Accept can be given here; possible are: {', '.join(offered)}.")


def _media_type(text: str, position: int) -> tuple[MediaType | None, int]:
    name, position = _until(text, position, ";,")
    parameters: dict[str, str] = {}
    while position < len(text) and text[position] == ";":
        key, position = _until(text, position + 1, "=;,")
        value = ""
        if position < len(text) and text[position] == "=":
            value, position = _value(text, position + 1)
        if key and len(parameters) < 20:
            parameters[key.lower()] = value
    position += 1  # the comma
    name = name.lower()
    if not name or not all(character in _TOKEN for character in name):
        return None, position
    return MediaType(name, parameters, _quality(parameters.pop("q", "1"))), position


def _until(text: str, position: int, stops: str) -> tuple[str, int]:
    end = position
    while end < len(text) and text[end] not in stops:
        end += 1
    return text[position:end].strip(), end


def _value(text: str, position: int) -> tuple[str, int]:
    while position < len(text) and text[position] in " \t":
        position += 1
    if position >= len(text) or text[position] != '"':
        return _until(text, position, ";,")
    out: list[str] = []
    position += 1
    while position < len(text) and text[position] != '"':
        if text[position] == "\\" and position + 1 < len(text):
            position += 1
        out.append(text[position])
        position += 1
    _, position = _until(text, position + 1, ";,")
    return "".join(out), position


def _quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 1.0
