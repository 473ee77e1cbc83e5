"""Files for spreadsheets and papers: asked of the server, written or shown; what goes wrong is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from shared.contract.base import Request
from shared.contract.master import SheetView
from shared.contract.pathology_statistics import SheetFormat
from shared.contract.printing import DocumentView

if TYPE_CHECKING:
    from clients.pathology.desk import Desk


def tongue() -> str:
    """The language in which the server writes words: "zh" or "en"."""
    return "en" if language() is Language.ENGLISH else "zh"


def format_of(path: Path) -> SheetFormat:
    """The format that a file's name asks for."""
    return SheetFormat.CSV if path.suffix.lower() == ".csv" else SheetFormat.XLSX


def with_ending(path: Path) -> Path:
    """A file name with an ending that is known."""
    return path if path.suffix.lower() in (".xlsx", ".csv") else path.with_name(path.name + ".xlsx")


def write_sheet(desk: Desk, request: Request[SheetView], path: Path, done: Callable[[], None] = lambda: None) -> None:
    """Ask for a sheet and write it; says where it is, or why there is none."""
    place = desk.place

    def work() -> Path:
        path.write_bytes(place.connection.call(request).content)
        return path

    def written(path: Path) -> None:
        place.messages.say(tr("已导出：{path}", path=path), Tone.SUCCESS)
        done()

    def failed(error: Exception) -> None:
        if isinstance(error, OSError):
            why = error.strerror or str(error)
            place.messages.say(tr("无法写入 {path}：{why}", path=path, why=why), Tone.DANGER)
        else:
            place.messages.report(error)
        done()

    place.runner.run(work, written, failed)


def show_paper(desk: Desk, title: str, make: Callable[[str], Request[DocumentView]]) -> None:
    """Preview a paper in a window with its print button; `make` gets the language."""
    from clients.pathology.bench.sheets import SheetView as Paper

    desk.show_window(title, Paper(desk, lambda _values, language: make(language)), (1120, 760))
