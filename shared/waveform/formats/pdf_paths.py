"""The stroked paths and the texts of a PDF page, in millimetres; forms are followed, everything else is passed over."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from shared.waveform.formats.base import EcgFormatError

MAX_BYTES, MAX_PAGES, MAX_POINTS, MAX_STREAM = 128 << 20, 500, 20_000_000, 256 << 20
_MM = 25.4 / 72
_TOKEN = re.compile(
    rb"\((?:[^()\\]|\\.)*\)|<<|>>|<[0-9A-Fa-f\s]*>|/[^\s/<>\[\]()]*|[-+.\d]+|[A-Za-z'\"*]+\d*|[\[\]]", re.DOTALL
)
Matrix = tuple[float, float, float, float, float, float]


@dataclass
class Drawing:
    """A page: polylines [(x, y) …] in mm from its lower left corner, and words with their place."""

    lines: list[list[tuple[float, float]]] = field(default_factory=list)
    texts: list[tuple[float, float, str]] = field(default_factory=list)
    points: int = 0


def drawings(data: bytes) -> tuple[list[Drawing], str]:
    """All pages, and the keywords of the document. Raises EcgFormatError."""
    if len(data) > MAX_BYTES:
        raise EcgFormatError("the PDF is larger than 128 MB")
    from pypdf import PdfReader

    try:
        reader = PdfReader(BytesIO(data), strict=False)
        facts = reader.metadata
        keywords = str(facts.get("/Keywords", "")) if facts is not None else ""
        count = len(reader.pages)
        if count > MAX_PAGES:
            raise EcgFormatError(f"the PDF has {count} pages; {MAX_PAGES} are read")
        return [_page(reader.pages[n]) for n in range(count)], keywords
    except EcgFormatError:
        raise
    except Exception as error:  # pypdf raises many classes for wrong bytes
        raise EcgFormatError(f"the PDF cannot be read: {error}"[:200]) from error


def _page(page: Any) -> Drawing:
    made = Drawing()
    box = page.mediabox
    origin: Matrix = (_MM, 0.0, 0.0, _MM, -float(box.left) * _MM, -float(box.bottom) * _MM)
    contents = page.get_contents()
    if contents is not None:
        _walk(contents.get_data(), page.get("/Resources"), origin, made, 0)

    def visit(text: str, cm: Any, tm: Any, _font: Any, _size: Any) -> None:
        word = text.strip()
        if word and len(made.texts) < 20_000:
            at = _times(_matrix(tm), _times(_matrix(cm), origin))
            made.texts.append((at[4], at[5], word))

    page.extract_text(visitor_text=visit)
    return made


def _matrix(numbers: Any) -> Matrix:
    a, b, c, d, e, f = (float(number) for number in numbers)
    return a, b, c, d, e, f


def _times(one: Matrix, two: Matrix) -> Matrix:
    """First ``one``, then ``two``."""
    return (
        one[0] * two[0] + one[1] * two[2],
        one[0] * two[1] + one[1] * two[3],
        one[2] * two[0] + one[3] * two[2],
        one[2] * two[1] + one[3] * two[3],
        one[4] * two[0] + one[5] * two[2] + two[4],
        one[4] * two[1] + one[5] * two[3] + two[5],
    )


def _walk(stream: bytes, resources: Any, start: Matrix, made: Drawing, depth: int) -> None:
    """Path operators of a content stream (ISO 32000-1 8.5)."""
    if len(stream) > MAX_STREAM or depth > 8:
        raise EcgFormatError("a page of the PDF is larger than is read")
    matrix = start
    stack: list[Matrix] = []
    numbers: list[float] = []
    name = ""
    paths: list[list[tuple[float, float]]] = []

    def at(x: float, y: float) -> tuple[float, float]:
        return matrix[0] * x + matrix[2] * y + matrix[4], matrix[1] * x + matrix[3] * y + matrix[5]

    for found in _TOKEN.finditer(stream):
        token = found.group()
        first = token[:1]
        if first in b"-+.0123456789":
            try:
                numbers.append(float(token))
            except ValueError:
                numbers.append(0.0)
            if len(numbers) > 64:
                del numbers[:32]
            continue
        if first == b"/":
            name = token[1:].decode("latin-1")
            continue
        if first in b"(<[]>":
            continue
        operator = token
        if operator == b"l" and paths and len(numbers) >= 2:
            paths[-1].append(at(numbers[-2], numbers[-1]))
            made.points += 1
            if made.points > MAX_POINTS:
                raise EcgFormatError("a page of the PDF draws more than is read")
        elif operator == b"m" and len(numbers) >= 2:
            paths.append([at(numbers[-2], numbers[-1])])
        elif operator in (b"c", b"v", b"y") and paths and len(numbers) >= 4:
            paths[-1].append(at(numbers[-2], numbers[-1]))
        elif operator == b"re" and len(numbers) >= 4:
            x, y, w, h = numbers[-4:]
            paths.append([at(x, y), at(x + w, y), at(x + w, y + h), at(x, y + h), at(x, y)])
        elif operator in (b"S", b"s", b"B", b"b", b"B*", b"b*"):
            made.lines += [path for path in paths if len(path) > 1]
            paths = []
        elif operator in (b"n", b"f", b"F", b"f*"):
            paths = []
        elif operator == b"q" and len(stack) < 1000:
            stack.append(matrix)
        elif operator == b"Q" and stack:
            matrix = stack.pop()
        elif operator == b"cm" and len(numbers) >= 6:
            matrix = _times(_matrix(numbers[-6:]), matrix)
        elif operator == b"Do":
            _form(resources, name, matrix, made, depth)
        numbers.clear()


def _form(resources: Any, name: str, matrix: Matrix, made: Drawing, depth: int) -> None:
    try:
        form = resources["/XObject"][f"/{name}"].get_object()
        if form.get("/Subtype") != "/Form":
            return
        inner = _times(_matrix(form.get("/Matrix", (1, 0, 0, 1, 0, 0))), matrix)
        data, more = form.get_data(), form.get("/Resources", resources)
    except (KeyError, TypeError, AttributeError, ValueError):
        return
    _walk(data, more, inner, made, depth + 1)
