"""XML from outside, as a tree: no entities, bounded depth and size, and the character sets that carts write."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from shared.waveform.formats.base import EcgFormatError, number

Element = ElementTree.Element
MAX_BYTES = 256 << 20
_DEPTH = 200
_CHINESE = re.compile(rb"""encoding=["'](gb2312|gbk|gb18030|x-gbk)["']""", re.IGNORECASE)


class _Builder(ElementTree.TreeBuilder):
    """Builds the tree without the names' namespaces."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def start(self, tag: str, attributes: dict[str, str]) -> Element:
        self._depth += 1
        if self._depth > _DEPTH:
            raise EcgFormatError("the XML file nests deeper than any ECG")
        return super().start(
            tag.rpartition("}")[2], {key.rpartition("}")[2]: value for key, value in attributes.items()}
        )

    def end(self, tag: str) -> Element:
        self._depth -= 1
        return super().end(tag.rpartition("}")[2])


def tree(data: bytes) -> Element:
    """The root element; names without namespaces. Raises EcgFormatError."""
    if len(data) > MAX_BYTES:
        raise EcgFormatError("the XML file is larger than 256 MB")
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    if b"<!ENTITY" in data or (wide and "<!ENTITY" in data.decode("utf-16", errors="replace")):
        raise EcgFormatError("the XML file declares entities of its own; such a file is not opened")
    if _CHINESE.search(data[:200]):  # expat knows no multi-byte character set but UTF-8 and UTF-16
        data = _CHINESE.sub(b'encoding="utf-8"', data[:200]) + data[200:].decode("gb18030", "replace").encode()
    parser = ElementTree.XMLParser(target=_Builder())
    try:
        parser.feed(data)
        root: Element = parser.close()
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        if isinstance(error, EcgFormatError):
            raise
        raise EcgFormatError(f"the XML is damaged: {error}"[:200]) from error
    return root


def text_at(node: Element | None, path: str) -> str:
    """The text of the first descendant at ``path``, empty where there is none."""
    if node is None:
        return ""
    found = node.find(path)
    return (found.text or "").strip() if found is not None else ""


def number_at(node: Element | None, path: str) -> float | None:
    """The number at ``path``."""
    return number(text_at(node, path) or None)


def value_at(node: Element | None, path: str, attribute: str = "value") -> str:
    """An attribute of the first descendant at ``path``."""
    if node is None:
        return ""
    found = node.find(path)
    return found.get(attribute, "").strip() if found is not None else ""


def put(parent: Element, name: str, text: str = "", **attributes: str) -> Element:
    """A child with text and attributes; control characters that XML cannot hold are dropped."""
    child = ElementTree.SubElement(parent, name, {key: clean(value) for key, value in attributes.items()})
    if text:
        child.text = clean(text)
    return child


def clean(text: str) -> str:
    """Text without the characters that XML 1.0 forbids."""
    return "".join(
        c for c in text if c in "\t\n\r" or (c >= " " and not 0xD800 <= ord(c) <= 0xDFFF and ord(c) < 0xFFFE)
    )


def to_bytes(root: Element, heading: str = "") -> bytes:
    """The document in UTF-8, indented."""
    ElementTree.indent(root, " ")
    body: str = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{heading}{body}\n'.encode()
