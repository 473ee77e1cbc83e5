"""Lets pages of PDFs that came from elsewhere follow one of ours. Theirs may be broken: then they do not follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pypdf import PdfReader, PdfWriter

MOST_PAGES = 300
MOST_BYTES = 24 * 1024 * 1024
"""Of all that follows one paper: it is signed, archived and sent as one file."""
_OF_PAGES = ("/AA", "/Thumb", "/B", "/Metadata", "/PieceInfo", "/StructParents", "/Tabs")
_OF_ANNOTATIONS = ("/A", "/AA", "/PA", "/Dest", "/Parent", "/Popup", "/StructParent")
"""What is left behind: scripts, links and the fields of forms. What an annotation shows stays to be seen."""


@dataclass(frozen=True, slots=True)
class Follower:
    """A PDF that may follow. `pages` is 0 where it cannot: damaged, encrypted, too long."""

    data: bytes
    pages: int

    @property
    def follows(self) -> bool:
        """Whether its pages can be taken over."""
        return self.pages > 0


def followers(documents: Sequence[bytes]) -> tuple[Follower, ...]:
    """Look which documents can follow, in order, within MOST_PAGES and MOST_BYTES."""
    found, pages, size = [], 0, 0
    for data in documents:
        count = 0
        if size + len(data) <= MOST_BYTES:
            count = _pages(data)
        if pages + count > MOST_PAGES:
            count = 0
        if count:
            pages, size = pages + count, size + len(data)
        found.append(Follower(data, count))
    return tuple(found)


def joined(first: bytes, following: Sequence[Follower]) -> bytes:
    """Return `first` with the pages of those that can follow; the same files give the same bytes."""
    wanted = [one for one in following if one.follows]
    if not wanted:
        return first
    from pypdf import PdfWriter

    writer = PdfWriter(clone_from=BytesIO(first))
    for one in wanted:
        _take_over(writer, _reader(one.data))
    writer.compress_identical_objects(remove_duplicates=False, remove_unreferenced=True)  # what was left behind is gone
    buffer = BytesIO()
    writer.write(buffer)
    writer.close()
    return buffer.getvalue()


def _pages(data: bytes) -> int:
    """How many pages a file has that can be taken over, 0 when it cannot be read to its end."""
    try:
        reader = _reader(data)
        count = len(reader.pages)
        if not 0 < count <= MOST_PAGES:
            return 0
        from pypdf import PdfWriter

        writer = PdfWriter()
        _take_over(writer, reader)
        writer.close()
    except Exception:  # noqa: BLE001 - pypdf raises many classes for wrong bytes, RecursionError among them
        return 0
    return count


def _take_over(writer: PdfWriter, reader: PdfReader) -> None:
    for page in reader.pages:
        added = writer.add_page(page)
        for key in _OF_PAGES:
            added.pop(key, None)
        annotations: Any = added.get("/Annots")
        for annotation in () if annotations is None else annotations.get_object():
            shown = annotation.get_object()
            for key in _OF_ANNOTATIONS:
                shown.pop(key, None)


def _reader(data: bytes) -> PdfReader:
    from pypdf import PdfReader

    reader = PdfReader(BytesIO(data), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        raise ValueError("the file asks for a password")
    return reader
