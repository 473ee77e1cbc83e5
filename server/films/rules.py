"""What may be asked of a film printer, and which moves a task makes."""

from __future__ import annotations

import re

from shared.contract.film import (
    FILM_SIZES,
    MAGNIFICATIONS,
    MEDIA,
    MOST_COPIES,
    MOST_PIXELS,
    MOST_SHEETS,
    PART_BYTES,
    PRIORITIES,
    BeginFilmTask,
    FilmPrinter,
    FilmSheet,
    FilmState,
)

_AE_TITLE = re.compile(r"[\x21-\x5b\x5d-\x7e]([\x20-\x5b\x5d-\x7e]{0,14}[\x21-\x5b\x5d-\x7e])?")
"""PS3.5 6.2: 1 to 16 characters without backslash; spaces around do not count."""
LEAST_DPI, MOST_DPI, MOST_MARGIN_MM = 72, 650, 30.0
OPEN = frozenset({FilmState.COMPOSING, FilmState.WAITING, FilmState.SENDING})
CAN_CANCEL = OPEN
CAN_RETRY = frozenset({FilmState.WAITING, FilmState.FAILED, FilmState.CANCELLED, FilmState.PRINTED})


def fault_of_printer(printer: FilmPrinter) -> str:
    """A sentence that says what is wrong with a printer; empty when it can be kept."""
    if not 1 <= len(printer.name.strip()) <= 64:
        return "请填写打印机名称，最多 64 个字。"
    if not _AE_TITLE.fullmatch(printer.ae_title):
        return "AE 标题应为 1 到 16 个英文字符，不含反斜杠。"
    if not 1 <= len(printer.host.strip()) <= 255 or not 0 < printer.port < 65_536:
        return "请填写打印机的地址和端口（1 到 65535）。"
    if not LEAST_DPI <= printer.dpi <= MOST_DPI:
        return f"分辨率应在 {LEAST_DPI} 到 {MOST_DPI} dpi 之间。"
    if not 0 <= printer.margin_mm <= MOST_MARGIN_MM:
        return f"边距应在 0 到 {MOST_MARGIN_MM:g} 毫米之间。"
    if not set(printer.sizes) <= set(FILM_SIZES) or not set(printer.media) <= set(MEDIA):
        return "没有这种胶片尺寸或介质。"
    return ""


def fault_of_task(asked: BeginFilmTask, printer: FilmPrinter) -> str:
    """A sentence that says why the printer cannot print this; empty when it may be tried."""
    if not printer.enabled:
        return f"打印机“{printer.name}”已停用，请选择另一台。"
    if not 1 <= len(asked.sheets) <= MOST_SHEETS:
        return f"一次可打印 1 到 {MOST_SHEETS} 张胶片。"
    if not 1 <= asked.copies <= MOST_COPIES:
        return f"打印份数应在 1 到 {MOST_COPIES} 之间。"
    if asked.medium and asked.medium not in MEDIA:
        return "没有这种介质。"
    if asked.medium and printer.media and asked.medium not in printer.media:
        return f"打印机“{printer.name}”没有这种介质，请选择另一种。"
    if asked.priority not in PRIORITIES or asked.magnification not in MAGNIFICATIONS:
        return "优先级或插值方式不正确。"
    if len({sheet.samples for sheet in asked.sheets}) > 1:
        return "同一任务中的胶片须全部为灰度或全部为彩色。"
    return next((fault for sheet in asked.sheets if (fault := _fault_of_sheet(sheet, printer))), "")


def _fault_of_sheet(sheet: FilmSheet, printer: FilmPrinter) -> str:
    if sheet.samples not in (1, 3) or min(sheet.rows, sheet.columns) < 1 or max(sheet.rows, sheet.columns) > 65_535:
        return "胶片的像素不正确。"
    if sheet.rows * sheet.columns > MOST_PIXELS:
        return "胶片的像素太多，请降低打印机的分辨率。"
    if sheet.samples == 3 and not printer.is_colour:
        return f"打印机“{printer.name}”不能打印彩色，请选择灰度或另一台打印机。"
    if sheet.size and sheet.size not in FILM_SIZES:
        return "没有这种胶片尺寸。"
    if sheet.size and printer.sizes and sheet.size not in printer.sizes:
        return f"打印机“{printer.name}”没有这种尺寸的胶片，请选择另一种。"
    if sheet.orientation not in ("PORTRAIT", "LANDSCAPE") or not 0 <= sheet.width_mm <= 1000:
        return "胶片的方向或宽度不正确。"
    if not 0 < sheet.compressed_bytes <= sheet.rows * sheet.columns * sheet.samples + (1 << 20):
        return "胶片的数据量不正确。"
    return ""


def fault_of_part(sheet: FilmSheet, offset: int, size: int) -> str:
    """A sentence that says why bytes do not belong to a sheet; empty when they do."""
    if not 0 < size <= PART_BYTES or offset < 0 or offset % PART_BYTES:
        return "胶片数据的分段不正确。"
    whole = min(PART_BYTES, sheet.compressed_bytes - offset)
    return "" if size == whole else "胶片数据的长度不正确。"
