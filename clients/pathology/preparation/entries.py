"""What the menu entries of labels and hand-over sheets do; screens are imported when they open."""

from __future__ import annotations

from clients.pathology.desk import Desk

_SIZE = (1120, 860)


def print_cassettes(desk: Desk) -> None:
    """打印包埋条码 of the open case (PA-CASE-16)."""
    from clients.pathology.bench.asking import asker
    from clients.pathology.bench.labels import print_cassettes as print_them

    if desk.details is not None:
        print_them(desk, desk.details.grossing.blocks, asker(desk), lambda _printed: desk.reload())


def print_slide_labels(desk: Desk) -> None:
    """打印制片条码 of the open case (PA-CASE-17); where the single-piece flow is kept, blocks are scanned first."""
    from clients.pathology.bench.asking import asker
    from clients.pathology.bench.labels import print_slides

    if desk.details is not None:
        print_slides(desk, desk.details.slides, asker(desk), (), lambda _printed: desk.reload())


def choose_cassettes(desk: Desk) -> None:
    """选择包埋条码 (PA-CASE-19)."""
    from clients.pathology.preparation.pickers import CassettePicker

    desk.show_window("选择包埋条码", CassettePicker(desk), _SIZE)


def choose_slides(desk: Desk) -> None:
    """选择制片条码 (PA-CASE-20)."""
    from clients.pathology.preparation.pickers import SlidePicker

    desk.show_window("选择制片条码", SlidePicker(desk), _SIZE)


def specimen_sheet(desk: Desk) -> None:
    """标本移交表 (PA-PREP-01)."""
    from clients.pathology.preparation.hand_over_sheets import specimen_view

    desk.show_window("标本移交表", specimen_view(desk), _SIZE)


def slide_sheet(desk: Desk) -> None:
    """玻片移交表 (PA-PREP-03)."""
    from clients.pathology.preparation.hand_over_sheets import slide_view

    desk.show_window("玻片移交表", slide_view(desk), _SIZE)
