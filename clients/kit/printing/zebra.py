"""What a ZPL printer answers to ~HS, its host status (Zebra "ZPL II Programming Guide", ~HS)."""

from __future__ import annotations

from dataclasses import dataclass

ASK = b"~HS\r\n"
LINES = 3
_STX, _ETX = b"\x02", b"\x03"


@dataclass(frozen=True)
class HostStatus:
    """The parts of the three strings that concern a clerk."""

    paper_out: bool
    is_paused: bool
    buffer_full: bool
    head_open: bool
    ribbon_out: bool
    waiting_labels: int


def parse(answer: bytes) -> HostStatus | None:
    """The status in an answer of three framed strings; None if it is none."""
    parts = [piece.split(_ETX)[0] for piece in answer.split(_STX)[1:]]
    if len(parts) < 2 or answer.count(_ETX) < 2:
        return None
    first, second = (part.decode("ascii", "replace").split(",") for part in parts[:2])
    if len(first) < 6 or len(second) < 9:
        return None
    try:
        waiting = int(second[8])
    except ValueError:
        return None
    return HostStatus(
        paper_out=first[1] == "1",
        is_paused=first[2] == "1",
        buffer_full=first[5] == "1",
        head_open=second[2] == "1",
        ribbon_out=second[3] == "1",
        waiting_labels=waiting,
    )


def is_whole(answer: bytes) -> bool:
    """Whether all three strings have come."""
    return answer.count(_ETX) >= LINES


def trouble(status: HostStatus) -> str:
    """Why nothing would come out, as a Chinese source sentence; empty if something would."""
    if status.head_open:
        return "打印头已打开，请合上。"
    if status.paper_out:
        return "缺纸，请装入标签纸。"
    if status.ribbon_out:
        return "碳带用尽，请更换。"
    if status.is_paused:
        return "打印机已暂停，请按打印机上的暂停键恢复。"
    return "打印机缓冲区已满，请稍候。" if status.buffer_full else ""
