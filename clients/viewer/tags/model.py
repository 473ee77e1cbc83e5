"""A data set as a tree of lines for people: sequences, private elements, shortened values. No Qt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

LONGEST = 400
"""Characters of a value that are kept."""
MOST_ITEMS, MOST_NODES, DEEPEST = 400, 30_000, 24
SHOWN_BYTES = 16


@dataclass(slots=True)
class Node:
    """One element, or one item of a sequence (then ``tag`` is empty)."""

    tag: str
    name: str
    vr: str
    value: str
    path: str  # tags and item numbers from the top: names the element in any data set
    is_private: bool = False
    children: list[Node] = field(default_factory=list)

    def line(self) -> str:
        """For the clipboard."""
        return "\t".join(part for part in (self.tag, self.vr, self.name, self.value) if part)


def tree_of(ds: Any) -> list[Node]:
    """All elements of a pydicom data set in the order of their tags, the file's meta information first.

    Endless or broken parts are cut: `MOST_ITEMS` of a sequence, `MOST_NODES` in all; a value that cannot be read
    says so.
    """
    budget = [MOST_NODES]
    nodes = []
    meta = getattr(ds, "file_meta", None)
    if meta is not None:
        nodes += _elements(meta, "", budget, 0)
    return nodes + _elements(ds, "", budget, 0)


def _elements(ds: Any, path: str, budget: list[int], depth: int) -> list[Node]:
    from shared.imaging.frames import careful_reading

    nodes: list[Node] = []
    with careful_reading():
        for tag in sorted(ds.keys()):
            if budget[0] <= 0 or depth > DEEPEST:
                break
            budget[0] -= 1
            nodes.append(_element(ds, tag, path, budget, depth))
    return nodes


def _element(ds: Any, tag: Any, path: str, budget: list[int], depth: int) -> Node:
    named = f"({tag.group:04X},{tag.element:04X})"
    here = f"{path}/{tag.group:04x}{tag.element:04x}"
    try:
        element = ds[tag]
        node = Node(named, _name(element), str(element.VR), "", here, bool(tag.is_private))
        if element.VR == "SQ":
            items = list(element.value or ())
            node.value = f"{len(items)}"
            for n, item in enumerate(items[:MOST_ITEMS]):
                budget[0] -= 1
                children = _elements(item, f"{here}/{n}", budget, depth + 1)
                node.children.append(Node("", f"{n + 1}", "", "", f"{here}/{n}", False, children))
        else:
            node.value = value_text(element.value)
    except Exception as error:  # noqa: BLE001 - files from outside break in every way; the other lines still count
        return Node(named, "", "", f"? ({type(error).__name__})", here, bool(tag.is_private))
    return node


def _name(element: Any) -> str:
    name = str(element.name)
    return name.strip("[]") if name != "Unknown" else ""


def value_text(value: Any) -> str:
    """A value in one line, shortened."""
    if value is None:
        return ""
    if isinstance(value, (bytes, bytearray)):
        shown = value[:SHOWN_BYTES].hex(" ")
        more = " …" if len(value) > SHOWN_BYTES else ""
        return f"{shown}{more} [{len(value)}]"
    several = isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue"
    if several:
        parts = [str(one) for one in value[:64]]
        text = "\\".join(parts) + (f"\\… [{len(value)}]" if len(value) > 64 else "")
    else:
        text = str(value)
    text = " ".join(text.split("\n")).replace("\r", " ").replace("\0", "")
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def walk(nodes: list[Node]) -> Iterator[Node]:
    """All nodes, parents before children."""
    for node in nodes:
        yield node
        yield from walk(node.children)


def found(nodes: list[Node], wanted: str) -> list[Node]:
    """The nodes whose tag, name or value holds ``wanted``, with the sequences above them; all for an empty string."""
    sought = wanted.strip().lower()
    if not sought:
        return nodes
    bare = sought.strip("()").replace(",", "").replace(" ", "")
    kept = []
    for node in nodes:
        tag = node.tag.strip("()").replace(",", "").lower()
        is_tag = bool(bare) and len(bare) >= 4 and tag.startswith(bare)
        matches = is_tag or sought in node.name.lower() or sought in node.value.lower()
        children = found(node.children, wanted)
        if matches or children:
            whole = node.children if matches and not children else children
            kept.append(Node(node.tag, node.name, node.vr, node.value, node.path, node.is_private, whole))
    return kept


def values_of(nodes: list[Node]) -> dict[str, str]:
    """Path → value of all elements."""
    return {node.path: node.value for node in walk(nodes) if node.tag}


def differences(nodes: list[Node], before: Mapping[str, str]) -> frozenset[str]:
    """Paths of elements that are new or have another value than in ``before`` (`values_of` of a neighbour)."""
    return frozenset(path for path, value in values_of(nodes).items() if before.get(path) != value)
