"""What the entries of 系统设置 and 用户权限管理 open; screens are imported when they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clients.pathology.desk import Desk


def parameters(desk: Desk) -> None:
    """运行参数设置 (PA-SET-01)."""
    from clients.pathology.settings.parameters import ParametersPage

    desk.show_window("运行参数设置", ParametersPage(desk), (900, 700))


def libraries(desk: Desk) -> None:
    """病例库设置 (PA-SET-02, -03)."""
    from clients.pathology.settings.libraries import LibrariesPage

    desk.show_window("病例库设置", LibrariesPage(desk), (1080, 700))


def columns(desk: Desk) -> None:
    """列表显示设置 (PA-SET-05)."""
    from clients.pathology.settings.columns import ColumnsPage

    desk.show_window("列表显示设置", ColumnsPage(desk), (820, 620))


def quick_entry(desk: Desk) -> None:
    """快速录入设置 (PA-SET-10)."""
    from clients.pathology.settings.quick import QuickPage

    desk.show_window("快速录入设置", QuickPage(desk), (760, 620))


def printers(desk: Desk) -> None:
    """打印机设置 (PA-SET-14)."""
    from clients.pathology.settings.printers import PrintersPage

    desk.show_window("打印机设置", PrintersPage(desk), (900, 640))


def rights(desk: Desk) -> None:
    """用户权限管理 (PA-USER-02)."""
    from clients.pathology.settings.users import UsersPage

    desk.show_window("用户权限管理", UsersPage(desk), (1180, 720))
