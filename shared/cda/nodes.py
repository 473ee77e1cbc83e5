"""Elements of a CDA document and the data types that are used often (II, CD, TS, PN)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from xml.etree import ElementTree

from shared.dicomkit.content_items import Code
from shared.dicomkit.uids import derived_uid

Node = ElementTree.Element

NAMESPACE = "urn:hl7-org:v3"
_SCHEMES = {
    "LN": ("2.16.840.1.113883.6.1", "LOINC"),
    "SCT": ("2.16.840.1.113883.6.96", "SNOMED CT"),
    "DCM": ("1.2.840.10008.2.16.4", "DCM"),
    "UCUM": ("2.16.840.1.113883.6.8", "UCUM"),
    "RADLEX": ("2.16.840.1.113883.6.256", "RadLex"),
    "I10": ("2.16.840.1.113883.6.3", "ICD-10"),
}
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def node(tag: str, attributes: dict[str, str] | None = None, *children: Node | None, text: str = "") -> Node:
    """An element; children that are None are left out."""
    made = Node(tag, {name: clean(value) for name, value in (attributes or {}).items() if value})
    if text:
        made.text = clean(text)
    made.extend(child for child in children if child is not None)
    return made


def clean(text: str) -> str:
    """Text without what XML cannot hold."""
    return _NOT_XML.sub("", text)


def identifier(root: str, extension: str = "", *, tag: str = "id", assigner: str = "") -> Node:
    """An II."""
    return node(tag, {"root": root, "extension": extension, "assigningAuthorityName": assigner})


def template(root: str) -> Node:
    """A templateId."""
    return node("templateId", {"root": root})


def code(value: Code, *, tag: str = "code", kind: str = "", refers_to: str = "") -> Node:
    """A CD or CE; `kind` is its xsi:type, `refers_to` the narrative that says the same."""
    oid, name = scheme_oid(value.scheme)
    original = node("originalText", None, node("reference", {"value": f"#{refers_to}"})) if refers_to else None
    attributes = {
        "code": value.value,
        "codeSystem": oid,
        "codeSystemName": name,
        "displayName": value.meaning,
    }
    return node(tag, ({"xsi:type": kind} if kind else {}) | attributes, original)


def scheme_oid(scheme: str) -> tuple[str, str]:
    """The OID of a coding scheme by its DICOM designator; of unknown ones an OID of our own, the same always."""
    return _SCHEMES.get(scheme) or (derived_uid("coding-scheme", scheme), scheme)


def moment(at: dt.datetime | None, tag: str = "effectiveTime") -> Node:
    """A TS with the offset from UTC; unknown when there is none."""
    if at is None:
        return node(tag, {"nullFlavor": "UNK"})
    return node(tag, {"value": at.strftime("%Y%m%d%H%M%S") + (at.strftime("%z") if at.tzinfo else "")})


def name(text: str) -> Node:
    """A PN as one piece of text: Chinese names are not cut by guessing."""
    return node("name", None, text=text) if text else node("name", {"nullFlavor": "UNK"})


def paragraphs(text: str, first_id: str) -> list[Node]:
    """Lines as paragraphs of a narrative block; the first one has the ID."""
    lines = [line for line in text.split("\n") if line.strip()] or [""]
    return [
        node("paragraph", {"ID": first_id if n == 0 else f"{first_id}-{n}"}, text=line) for n, line in enumerate(lines)
    ]


def table(rows: Iterable[tuple[str, str, str]], heads: tuple[str, str]) -> Node:
    """A narrative table of (ID, label, value)."""
    body = [
        node("tr", None, node("td", None, text=label), node("td", {"ID": key}, text=value))
        for key, label, value in rows
    ]
    head = node("tr", None, *(node("th", None, text=one) for one in heads))
    return node("table", {"border": "1"}, node("thead", None, head), node("tbody", None, *body))


def serialised(root: Node) -> bytes:
    """The document as UTF-8 XML; the same tree gives the same bytes."""
    root.set("xmlns", NAMESPACE)
    root.set("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance")
    text: str = ElementTree.tostring(root, encoding="unicode")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + text.encode()
