"""What the menu entries of the archive do: the tab where the station has it, else a window with the same page."""

from __future__ import annotations

from clients.pathology.desk import Desk, find_maker
from clients.pathology.tabs import BY_ID
from shared.contract.pathology_keeping import KeptKind

_SIZE = (1180, 760)


def blocks(desk: Desk) -> None:
    """蜡块归档."""
    _show(desk, "archive.blocks")


def slides(desk: Desk) -> None:
    """切片归档."""
    _show(desk, "archive.slides")


def papers(desk: Desk) -> None:
    """资料归档."""
    _show(desk, "archive.papers")


def lending(desk: Desk) -> None:
    """借出管理."""
    _show(desk, "archive.lend")


def returning(desk: Desk) -> None:
    """归还管理."""
    _show(desk, "archive.return")


def loans(desk: Desk) -> None:
    """借阅信息浏览."""
    _show(desk, "archive.loans")


def block_places(desk: Desk) -> None:
    """蜡块归档设置 (PA-SET-11)."""
    _places(desk, KeptKind.BLOCK, "蜡块归档设置")


def slide_places(desk: Desk) -> None:
    """切片归档设置 (PA-SET-12)."""
    _places(desk, KeptKind.SLIDE, "切片归档设置")


def paper_places(desk: Desk) -> None:
    """资料归档设置 (PA-SET-13)."""
    _places(desk, KeptKind.PAPER, "资料归档设置")


def _show(desk: Desk, tab_id: str) -> None:
    if tab_id in desk.station.tabs:
        desk.show_tab(tab_id)
        return
    tab = BY_ID[tab_id]
    maker = find_maker(tab.maker)
    if maker is not None:
        desk.show_window(tab.title, maker(desk), _SIZE)


def _places(desk: Desk, kind: KeptKind, title: str) -> None:
    from clients.pathology.archive.places import PlacesWindow

    desk.show_window(title, PlacesWindow(desk, kind), (820, 600))
