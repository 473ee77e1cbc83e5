"""What the menu entries of templates, prompts, markers and descriptors do; screens are imported when they open."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clients.pathology.desk import Desk

_SIZE = (1180, 720)


def maintain(desk: Desk) -> None:
    """系统设置 → 诊断模板维护."""
    from clients.pathology.templates.maintenance import MaintenanceView

    desk.show_window("诊断模板维护", MaintenanceView(desk.place), _SIZE)


def prompts(desk: Desk) -> None:
    """系统设置 → 字段提示设置."""
    from clients.pathology.templates.prompt_settings import PromptSettingsView

    desk.show_window("字段提示设置", PromptSettingsView(desk.place), _SIZE)


def markers(desk: Desk) -> None:
    """系统设置 → 特染标记物/套餐."""
    from clients.pathology.templates.markers_view import MarkersView

    desk.show_window("特染标记物/套餐", MarkersView(desk.place), _SIZE)


def descriptors(desk: Desk) -> None:
    """系统设置 → ＴＣＴ描述项目设置."""
    from clients.pathology.templates.descriptors_view import DescriptorsView

    desk.show_window("ＴＣＴ描述项目设置", DescriptorsView(desk.place), _SIZE)
