"""What all documents stand on: a PDF/A file with fixed metadata, page by page."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

from server.printing.layout import archival, fonts

MM = 72 / 25.4
TOOL, PRODUCER = "Mingjing", "Mingjing with ReportLab"

Language = Literal["zh", "en"]


@dataclass(frozen=True)
class RenderedDocument:
    """A finished PDF. `missing_glyphs` names the characters that were replaced by 〓 because no face has them."""

    pdf: bytes
    pages: int
    missing_glyphs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Metadata:
    """What the PDF says of itself; `made_at` becomes its creation date, so equal facts give equal bytes."""

    title: str
    author: str
    subject: str
    made_at: dt.datetime
    language: Language = "zh"


class Sheet:
    """Collects pages into one PDF; `finish` gives the document."""

    def __init__(self, width: float, height: float, about: Metadata) -> None:
        from reportlab.pdfgen.canvas import Canvas

        fonts.ensure_registered()
        self._buffer = BytesIO()
        canvas = Canvas(
            self._buffer,
            pagesize=(width, height),
            invariant=1,
            pageCompression=1,
            initialFontName=fonts.REGULAR,  # else every page would name Helvetica, which is not embedded
            lang="zh-CN" if about.language == "zh" else "en",
        )
        canvas._doc._timeStamp = _fixed_time(about.made_at)  # reportlab offers no parameter for the creation date
        canvas.setTitle(about.title)
        canvas.setAuthor(about.author)
        canvas.setSubject(about.subject)
        canvas.setCreator(TOOL)
        canvas.setProducer(PRODUCER)
        self.canvas: Any = canvas
        self._about = about
        self._pages = 0

    def end_page(self) -> None:
        """Close the page at hand."""
        self.canvas.showPage()
        self._pages += 1

    def finish(self) -> RenderedDocument:
        """The PDF with all closed pages."""
        about = self._about
        archival.make_archival(
            self.canvas,
            title=about.title,
            author=about.author,
            subject=about.subject,
            tool=TOOL,
            producer=PRODUCER,
            made_at=about.made_at,
            language="zh-CN" if about.language == "zh" else "en",
        )
        self.canvas.save()
        return RenderedDocument(self._buffer.getvalue(), self._pages)


def _fixed_time(moment: dt.datetime) -> Any:
    from reportlab.lib.utils import TimeStamp

    class FixedTime(TimeStamp):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(invariant=1)
            offset = moment.utcoffset() or dt.timedelta()
            self.YMDhms = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
            minutes = int(offset.total_seconds() // 60)
            self.dhh, self.dmm = int(minutes / 60), abs(minutes) % 60

    return FixedTime()


def moment_text(moment: dt.datetime | None) -> str:
    """Date and time to the minute as the hospital writes them; empty for None. The caller has made it local time."""
    return moment.strftime("%Y-%m-%d %H:%M") if moment else ""
