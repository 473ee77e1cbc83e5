"""DICOM JSON to and from the Native DICOM Model in XML (PS3.19 A.1)."""

from __future__ import annotations

import re
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from server.doors.web.dicomweb.dictionary import keyword_of
from server.doors.web.dicomweb.ports import Json, Refusal

NAMESPACE = "http://dicom.nema.org/PS3.19/models/NativeDICOM"
MAX_DEPTH = 64
MAX_ELEMENTS = 200_000

_IMPOSSIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # not XML 1.0 characters
_NAME_PARTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")


def to_xml(data_set: Json) -> bytes:
    """The data set as a document."""
    out = [
        '<?xml version="1.0" encoding="UTF-8"?>\n',
        f'<NativeDicomModel xmlns="{NAMESPACE}" xml:space="preserve">',
    ]
    _data_set(data_set, out)
    out.append("</NativeDicomModel>")
    return "".join(out).encode()


def _text(value: object) -> str:
    return escape(_IMPOSSIBLE.sub("\N{REPLACEMENT CHARACTER}", str(value)), {"\r": "&#13;"})


def _data_set(data_set: Json, out: list[str]) -> None:
    creators: dict[str, str] = {}
    for tag, element in data_set.items():
        keyword = keyword_of(int(tag, 16))
        attributes = f' tag="{tag}" vr="{element["vr"]}"'
        if keyword:
            attributes += f' keyword="{keyword}"'
        if int(tag[3], 16) & 1:
            if tag.startswith("00", 4) and element.get("Value"):
                creators[tag[:4] + tag[6:]] = str(element["Value"][0])
            elif (creator := creators.get(tag[:6])) is not None:
                attributes += f" privateCreator={quoteattr(_IMPOSSIBLE.sub('?', creator))}"
        out.append(f"<DicomAttribute{attributes}>")
        _values(element, out)
        out.append("</DicomAttribute>")


def _values(element: Json, out: list[str]) -> None:
    if "BulkDataURI" in element:
        out.append(f"<BulkData uri={quoteattr(element['BulkDataURI'])}/>")
        return
    if "InlineBinary" in element:
        out.append(f"<InlineBinary>{element['InlineBinary']}</InlineBinary>")
        return
    vr = element["vr"]
    for number, value in enumerate(element.get("Value", ()), 1):
        if vr == "SQ":
            out.append(f'<Item number="{number}">')
            _data_set(value or {}, out)
            out.append("</Item>")
        elif value is None:
            continue
        elif vr == "PN":
            out.append(f'<PersonName number="{number}">')
            for group in _GROUPS:
                if value.get(group):
                    parts = zip(_NAME_PARTS, str(value[group]).split("^"), strict=False)
                    inside = "".join(f"<{name}>{_text(part)}</{name}>" for name, part in parts if part)
                    out.append(f"<{group}>{inside}</{group}>")
            out.append("</PersonName>")
        else:
            out.append(f'<Value number="{number}">{_text(value)}</Value>')


def from_xml(document: bytes) -> Json:
    """A document as DICOM JSON. Entities, DTDs and depth beyond the bounds raise Refusal (400)."""
    from xml.parsers import expat

    builder = _Builder()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    parser.StartDoctypeDeclHandler = _forbidden
    parser.EntityDeclHandler = _forbidden
    parser.ExternalEntityRefHandler = _forbidden
    parser.ProcessingInstructionHandler = lambda *_: None
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        raise Refusal(400, f"The XML is not well-formed (line {error.lineno}).") from None
    except (KeyError, ValueError):
        raise Refusal(400, "The XML is not a Native DICOM Model (PS3.19 A.1).") from None
    return builder.root


def _forbidden(*_: object) -> int:
    raise Refusal(400, "Document type declarations and entities are not accepted in XML.")


class _Builder:
    """Receives expat's events; knows only the elements of the model."""

    def __init__(self) -> None:
        self.root: Json = {}
        self._sets: list[Json] = [self.root]
        self._elements: list[Json] = []
        self._text: list[str] = []
        self._name: dict[str, dict[str, str]] = {}
        self._group = ""
        self._number = 1
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(" ")[2]
        self._count += 1
        if self._count > MAX_ELEMENTS or len(self._sets) > MAX_DEPTH:
            raise Refusal(400, "The XML is too large or nested too deeply.")
        self._text = []
        if name == "DicomAttribute":
            tag = attributes["tag"].upper()
            if len(tag) != 8 or not attributes["vr"].isalpha() or len(attributes["vr"]) != 2:
                raise ValueError(tag)
            int(tag, 16)
            element: Json = {"vr": attributes["vr"].upper()}
            self._sets[-1][tag] = element
            self._elements.append(element)
        elif name == "Item":
            item: Json = {}
            self._elements[-1].setdefault("Value", []).append(item)
            self._sets.append(item)
        elif name == "BulkData":
            self._elements[-1]["BulkDataURI"] = attributes.get("uri") or attributes["uuid"]
        elif name == "PersonName":
            self._name = {}
        elif name in _GROUPS:
            self._group = name
            self._name[name] = {}
        elif name == "Value":
            self._number = int(attributes.get("number", "1"))
            if not 1 <= self._number <= MAX_ELEMENTS:
                raise ValueError("number")

    def characters(self, text: str) -> None:
        self._text.append(text)

    def end(self, name: str) -> None:
        name = name.rpartition(" ")[2]
        text = "".join(self._text)
        if name == "DicomAttribute":
            self._elements.pop()
        elif name == "Item":
            self._sets.pop()
        elif name == "Value":
            element = self._elements[-1]
            values = element.setdefault("Value", [])
            if self._number - len(values) > 1000:
                raise ValueError("number")
            while len(values) < self._number - 1:
                values.append(None)
            values.append(_typed(element["vr"], text))
            self._text = []
        elif name == "InlineBinary":
            self._elements[-1]["InlineBinary"] = "".join(text.split())
        elif name in _NAME_PARTS and self._group:
            self._name[self._group][name] = text
            self._text = []
        elif name == "PersonName":
            joined = {
                group: "^".join(parts.get(part, "") for part in _NAME_PARTS).rstrip("^")
                for group, parts in self._name.items()
            }
            self._elements[-1].setdefault("Value", []).append(joined)


def _typed(vr: str, text: str) -> Any:
    if vr in ("IS", "SL", "SS", "SV", "UL", "US", "UV"):
        return int(text) if text.strip() else None
    if vr in ("DS", "FD", "FL"):
        return float(text) if text.strip() else None
    return text
