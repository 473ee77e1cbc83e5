"""Workbooks and CSV files of the master data: bounded reading of files from outside, writing that no one can abuse.

A workbook is a zip of XML (ECMA-376). Before a parser sees it, its directory is checked: how many parts, how large
they unpack, no document type declarations. Formulas are never evaluated: a cell that holds one is refused by the
import. Written cells are always text or numbers, so that a name like ``=cmd()`` stays a name in Excel.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from server.kernel.errors import Refusal, invalid
from shared.contract.errors import ErrorCode
from shared.contract.master import MAX_FILE_BYTES

MAX_ROWS = 20_000
MAX_COLUMNS = 40
MAX_CELL = 4_000
_MAX_PARTS = 200
_MAX_UNPACKED = 64 * 1024 * 1024
_MAX_PART = 48 * 1024 * 1024
_CHUNK = 64 * 1024
_UNREADABLE = (ArithmeticError, AttributeError, LookupError, OSError, SyntaxError, TypeError, ValueError)
"""What the parser raises for broken files: it was written for whole ones (SyntaxError: malformed XML)."""
_RISKY = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet program takes for a formula (OWASP, CSV injection)

Cell = str | int | float | bool | None


@dataclass(frozen=True)
class Formula:
    """A cell that computes; never evaluated."""

    text: str


@dataclass(frozen=True)
class Line:
    """A line of a table: its number in the file (the headings are line 1), and its cells."""

    number: int
    cells: tuple[Cell | Formula, ...]


@dataclass(frozen=True)
class Sheet:
    """Headings and lines; empty lines are left out."""

    headings: tuple[str, ...]
    lines: tuple[Line, ...]


def read_sheet(file_name: str, content: bytes) -> Sheet:
    """Read the first sheet of a workbook, or a CSV file. Raises INVALID or TOO_LARGE with what to do."""
    if len(content) > MAX_FILE_BYTES:
        raise Refusal(ErrorCode.TOO_LARGE, f"文件超过 {MAX_FILE_BYTES >> 20} MB，请分成几个文件导入。", field="file")
    name = file_name.casefold()
    if name.endswith(".csv"):
        return _collected(_csv_lines(content))
    if name.endswith(".xlsx"):
        _check_archive(content)
        return _collected(_xlsx_lines(content))
    raise _wrong("只能导入 .xlsx 或 .csv 文件；.xls 请在表格软件中另存为 .xlsx。")


def write_xlsx(title: str, headings: Sequence[str], widths: Sequence[int], lines: Iterable[Sequence[Cell]]) -> bytes:
    """Return a workbook with one sheet; every text is a text cell, whatever it begins with."""
    return write_sheets([(title, headings, widths, lines)])


def write_sheets(sheets: Iterable[tuple[str, Sequence[str], Sequence[int], Iterable[Sequence[Cell]]]]) -> bytes:
    """Return a workbook of several sheets: title, headings, widths of columns, lines; texts as in write_xlsx."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for title, headings, widths, lines in sheets:
        _fill(book.create_sheet(title[:31]), headings, widths, lines)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _fill(sheet: Any, headings: Sequence[str], widths: Sequence[int], lines: Iterable[Sequence[Cell]]) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    sheet.freeze_panes = "A2"
    for place, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(place)].width = width

    def cell(value: Cell) -> Any:
        if isinstance(value, str) and value.startswith(_RISKY):
            made = WriteOnlyCell(sheet)
            made.value = value
            made.data_type = "s"
            made.quotePrefix = True
            return made
        return value

    heads = []
    for heading in headings:
        head = WriteOnlyCell(sheet, value=heading)
        head.font = Font(bold=True)
        head.alignment = Alignment(vertical="top")
        heads.append(head)
    sheet.append(heads)
    for line in lines:
        sheet.append([cell(value) for value in line])


def write_csv(headings: Sequence[str], lines: Iterable[Sequence[Cell]]) -> bytes:
    """Return a CSV file in UTF-8 with a byte order mark, for Excel; risky texts get an apostrophe in front."""
    made = io.StringIO(newline="")
    writer = csv.writer(made, lineterminator="\r\n")
    writer.writerow(headings)
    for line in lines:
        writer.writerow(["" if value is None else _harmless(str(value)) for value in line])
    return made.getvalue().encode("utf-8-sig")


def _harmless(text: str) -> str:
    return "'" + text if text.startswith(_RISKY) else text


def _plain(text: str) -> str:
    """Take off the apostrophe that makes a risky text harmless."""
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in _RISKY else text


def _wrong(message: str) -> Refusal:
    return invalid("file", message)


def _collected(lines: Iterable[Line]) -> Sheet:
    headings: tuple[str, ...] | None = None
    found: list[Line] = []
    for line in lines:
        cells = line.cells
        while cells and (cells[-1] is None or cells[-1] == ""):
            cells = cells[:-1]
        if len(cells) > MAX_COLUMNS:
            raise _wrong(f"表格超过 {MAX_COLUMNS} 列，请只保留导出的列。")
        if not cells:
            continue
        if headings is None:
            headings = tuple(str(cell).strip() if not isinstance(cell, Formula) else "=" for cell in cells)
            continue
        if len(found) >= MAX_ROWS:
            raise _wrong(f"表格超过 {MAX_ROWS:,} 行，请分成几个文件导入。")
        for cell in cells:
            if isinstance(cell, str) and len(cell) > MAX_CELL:
                raise _wrong(f"第 {line.number} 行有超过 {MAX_CELL:,} 个字符的单元格，请缩短。")
        found.append(Line(line.number, cells))
    if headings is None:
        raise _wrong("文件中没有内容；请先导出一份，按其中的列填写。")
    return Sheet(headings, tuple(found))


def _csv_lines(content: bytes) -> Iterable[Line]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")  # what Chinese Excel writes
        except UnicodeDecodeError:
            raise _wrong("CSV 文件的编码无法识别，请存为 UTF-8。") from None
    if "\x00" in text:
        raise _wrong("这不是 CSV 文件。")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for number, cells in enumerate(reader, 1):
            yield Line(number, tuple(_plain(cell) for cell in cells))
    except csv.Error:
        raise _wrong("CSV 文件的引号或分隔有误，请用表格软件重新存一次。") from None


def _check_archive(content: bytes) -> None:
    """Raise INVALID unless the zip's parts are few, small when unpacked, and plain XML."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > _MAX_PARTS or sum(part.file_size for part in parts) > _MAX_UNPACKED:
                raise _wrong("工作簿解开后过大，请只保留一个表格后重试。")
            if not any(part.filename == "xl/workbook.xml" for part in parts):
                raise _wrong("这不是 .xlsx 工作簿，请在表格软件中另存为 .xlsx。")
            total = 0
            for part in parts:
                if part.flag_bits & 0x1:
                    raise _wrong("工作簿有密码，请去掉密码后重试。")
                total += _unpacked(archive, part)
                if total > _MAX_UNPACKED:
                    raise _wrong("工作簿解开后过大，请只保留一个表格后重试。")
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError, zipfile.LargeZipFile):
        raise _wrong("工作簿已损坏，请在表格软件中重新保存。") from None
    except ValueError as error:
        if isinstance(error, UnicodeError):
            raise _wrong("工作簿已损坏，请在表格软件中重新保存。") from None
        raise


def _unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> int:
    """Count what a part really unpacks to (its header may lie). Raises INVALID for too much, or a DTD (XXE, bombs)."""
    size = 0
    tail = b""
    with archive.open(part) as stream:
        while piece := stream.read(_CHUNK):
            size += len(piece)
            if size > _MAX_PART:
                raise _wrong("工作簿解开后过大，请只保留一个表格后重试。")
            seen = tail + piece
            if part.filename.endswith((".xml", ".rels")) and (b"<!DOCTYPE" in seen or b"<!ENTITY" in seen):
                raise _wrong("工作簿中有不允许的内容（DTD），请在表格软件中重新保存。")
            tail = piece[-16:]
    return size


def _xlsx_lines(content: bytes) -> Iterable[Line]:
    from openpyxl import load_workbook

    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
    except _UNREADABLE as error:
        raise _wrong("工作簿无法读取，请在表格软件中重新保存为 .xlsx。") from error
    try:
        sheets = book.worksheets
        if not sheets:
            raise _wrong("工作簿中没有表格。")
        rows = sheets[0].iter_rows(max_row=MAX_ROWS * 2, max_col=MAX_COLUMNS + 1)
        while True:
            try:
                row = next(rows, None)
            except _UNREADABLE as error:
                raise _wrong("工作簿无法读取，请在表格软件中重新保存为 .xlsx。") from error
            if row is None:
                return
            number = next((found for cell in row if (found := getattr(cell, "row", None))), 0)
            yield Line(number, tuple(_cell(cell) for cell in row))
    finally:
        book.close()


def _cell(cell: Any) -> Cell | Formula:
    value = cell.value
    if cell.data_type == "f":
        return Formula(str(value)[:100])
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return str(value)  # dates and times: as text, the field then says what it wants
