"""Films on their way to the server: bytes of a composed film, its upload in parts, words for tasks. No Qt."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

from clients.kit.translations import tr
from clients.viewer.film.sheets import SheetSetup
from shared.contract.base import Request
from shared.contract.film import (
    PART_BYTES,
    BeginFilmTask,
    FilmSheet,
    FilmState,
    FilmTask,
    FilmTrouble,
    PrinterState,
    PutSheet,
    SubmitFilmTask,
)

R = TypeVar("R")
MOST_BYTES = 1 << 30
"""Of all films of a task, compressed."""
_LEVEL = 1  # zlib: level 6 takes five times as long for a tenth less


@runtime_checkable
class Server(Protocol):
    """A source of studies that is a server; safe from any thread. Calls raise RpcError."""

    def call(self, request: Request[R]) -> R: ...


def server_of(source: object) -> Server | None:
    """The source as a server; None for files."""
    return source if isinstance(source, Server) else None


@dataclass(frozen=True, slots=True)
class PackedFilm:
    """A composed film as it travels."""

    facts: FilmSheet
    data: bytes


@dataclass(frozen=True, slots=True)
class PrintOrder:
    """What is asked of the printer beside the films."""

    printer_id: int
    title: str
    study_uids: tuple[str, ...]
    copies: int = 1
    medium: str = ""
    priority: str = "MED"
    magnification: str = ""
    reverse: bool = False


def packed_film(
    pixels: bytes | memoryview, rows: int, columns: int, samples: int, setup: SheetSetup, *, true_size: bool
) -> PackedFilm:
    """Compress a film of rows × columns × samples bytes."""
    data = zlib.compress(pixels, _LEVEL)
    facts = FilmSheet(
        rows=rows,
        columns=columns,
        samples=samples,
        size=setup.size,
        orientation=setup.orientation,
        width_mm=round(columns / setup.pixels_per_mm, 2) if true_size else 0.0,
        compressed_bytes=len(data),
    )
    return PackedFilm(facts, data)


def send(
    server: Server,
    order: PrintOrder,
    films: Sequence[PackedFilm],
    told: Callable[[int, int], object] = lambda _done, _total: None,
) -> FilmTask:
    """Hand films over; when this returns they are safe on the server. Raises RpcError, ValueError with a sentence."""
    total = sum(len(film.data) for film in films)
    if total > MOST_BYTES:
        raise ValueError(tr("胶片太多，请分几次打印"))
    task = server.call(
        BeginFilmTask(
            printer_id=order.printer_id,
            title=order.title,
            study_uids=order.study_uids,
            sheets=tuple(film.facts for film in films),
            copies=order.copies,
            medium=order.medium,
            priority=order.priority,
            magnification=order.magnification,
            reverse=order.reverse,
        )
    )
    done = 0
    for number, film in enumerate(films):
        for offset in range(0, len(film.data), PART_BYTES):
            part = film.data[offset : offset + PART_BYTES]
            server.call(PutSheet(task_id=task.id, sheet=number, offset=offset, data=part))
            done += len(part)
            told(done, total)
    return server.call(SubmitFilmTask(task_id=task.id))


# --- words ------------------------------------------------------------------------------------------------


def state_text(task: FilmTask) -> str:
    """The state in a word or two."""
    return {
        FilmState.COMPOSING: tr("正在上传"),
        FilmState.WAITING: tr("等待"),
        FilmState.SENDING: tr("正在打印"),
        FilmState.PRINTED: tr("已打印"),
        FilmState.FAILED: tr("失败"),
        FilmState.CANCELLED: tr("已取消"),
    }[task.state]


def trouble_text(task: FilmTask) -> str:
    """Why a task waits or failed, and what to do; empty when all is well."""
    text = {
        FilmTrouble.NONE: "",
        FilmTrouble.UNREACHABLE: tr("打印机没有应答，请检查电源和网络"),
        FilmTrouble.PRINTER_FAILURE: tr("打印机报告故障，请查看打印机"),
        FilmTrouble.REFUSED: tr("打印机拒绝了这张胶片，请更换尺寸、介质或打印机"),
        FilmTrouble.PRINTER_GONE: tr("打印机已从列表中删除，请换一台打印机重试"),
        FilmTrouble.DAMAGED: tr("服务器上的胶片数据已损坏，请重新排版打印"),
    }[task.trouble]
    if text and task.detail:
        text += tr("（{detail}）", detail=task.detail)
    if text and task.state is FilmState.WAITING and task.next_try is not None:
        text += tr("；{time} 自动重试", time=task.next_try.astimezone().strftime("%H:%M:%S"))
    return text


def warning_text(task: FilmTask) -> str:
    """The printer's warnings, and what they mean for true size."""
    text = "；".join(_in_words(warning) for warning in task.warnings)
    changed = any(
        word in warning for word in ("supports", "ignores", "smaller", "cropped") for warning in task.warnings
    )
    if task.is_true_size and changed:
        text += tr("；打印机可能没有按真实尺寸打印，请用胶片上的标尺核对")
    return text


_PRINTERS_WORDS = {
    "The printer ignores an attribute it does not know": "打印机忽略了一项它不认识的设置",
    "The printer changed a value to one it supports": "打印机把一项设置改成了它支持的值",
    "A film was printed empty": "打印了一张空白胶片",
    "An image was made smaller to fit its place": "图像被缩小以适应胶片",
    "An image was cropped to fit its place": "图像被裁切以适应胶片",
    "An image was printed in fewer pixels to fit its place": "图像以较少的像素打印",
    "The printer changed a density it does not support": "打印机改变了它不支持的密度",
    "The printer reports a warning": "打印机报告警告",
    "The printer reports a failure": "打印机报告故障",
}
"""What the server's Print SCU says of warnings (PS3.4 tables H.4-3 to H.4-9) → Chinese source text."""
_WARNS = "The printer warns: "


def _in_words(warning: str) -> str:
    if warning.startswith(_WARNS):
        return printer_text(PrinterState(status="WARNING", info=warning.removeprefix(_WARNS), name=""))
    known = _PRINTERS_WORDS.get(warning)
    return tr(known) if known is not None else warning


def printer_text(state: PrinterState) -> str:
    """How a printer is, in words."""
    if not state.status:
        return tr("打印机没有应答（{why}）", why=state.detail)
    word = {"NORMAL": tr("就绪"), "WARNING": tr("警告"), "FAILURE": tr("故障")}.get(state.status, state.status)
    info = {
        "NORMAL": "",
        "SUPPLY LOW": tr("胶片不足"),
        "SUPPLY EMPTY": tr("胶片用完"),
        "SUPPLY LOAD ERR": tr("胶片没有装好"),
        "FILM JAM": tr("卡片"),
        "COVER OPEN": tr("盖子打开"),
        "RECEIVER FULL": tr("出片盒已满"),
        "CALIBRATING": tr("正在校准"),
        "CHECK CHEMISTRY": tr("请检查药液"),
        "OFFLINE": tr("离线"),
    }.get(state.info.strip(), state.info.strip())
    return " · ".join(part for part in (word, info) if part)


def grey_bytes(image: Any) -> tuple[bytes, int, int, int]:
    """Bytes, rows, columns and samples of a QImage in Grayscale8 or RGB32, row by row without padding."""
    import numpy as np

    rows, columns = image.height(), image.width()
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(rows, image.bytesPerLine())
    if image.depth() == 8:
        return np.ascontiguousarray(raw[:, :columns]).tobytes(), rows, columns, 1
    pixels = raw[:, : columns * 4].reshape(rows, columns, 4)[:, :, 2::-1]
    return np.ascontiguousarray(pixels).tobytes(), rows, columns, 3
