"""What the shell's own entries do: opening, saving, stepping, leaving, showing, helping."""

from __future__ import annotations

from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from shared.contract.pathology_reports import RemoveFavourite, SaveFavourite
from shared.domain.pathology import CaseFlag


def change_password(desk: Desk) -> None:
    """更改用户密码 (PA-USER-01)."""
    desk.place.shell.change_password()


def log_off(desk: Desk) -> None:
    """注销当前用户 (PA-USER-07); unsaved changes are asked about first."""
    desk.leave(desk.place.shell.log_out)


def open_case(desk: Desk) -> None:
    """打开病例: the one under the cursor (PA-CASE-05)."""
    if desk.selected is not None:
        desk.open_case(desk.selected.id)


def save(desk: Desk) -> None:
    """保存: every tab of the open case (PA-GEN-09)."""

    def said() -> None:
        desk.place.messages.say(tr("已保存全部页面"), Tone.SUCCESS)

    if desk.is_new and not desk.dirty_tabs():
        desk.save_part("patient", said)  # it says at the fields what is missing
    elif desk.dirty_tabs():
        desk.save_all(said)
    else:
        desk.place.messages.say(tr("没有需要保存的修改"))


def close_case(desk: Desk) -> None:
    """关闭病例 (PA-CASE-07)."""
    desk.close_case()


def previous_case(desk: Desk) -> None:
    """上一例."""
    desk.step(-1)


def next_case(desk: Desk) -> None:
    """下一例."""
    desk.step(1)


def favourite(desk: Desk) -> None:
    """收藏病例, or take it out again (PA-CASE-13, PA-DX-23)."""
    target = desk.case or desk.selected
    if target is None:
        return
    place = desk.place
    is_in = CaseFlag.FAVOURITE in target.flags
    request = RemoveFavourite(case_id=target.id) if is_in else SaveFavourite(case_id=target.id)

    def done(_reply: object) -> None:
        place.messages.say(tr("已取消收藏") if is_in else tr("已收藏"), Tone.SUCCESS)
        desk.reload()
        desk.refresh_lists()

    place.runner.run(lambda: place.connection.call(request), done, place.messages.report)


def toggle_tool_bar(desk: Desk) -> None:
    """Show or hide the tool bar."""
    desk.view.toggle_part("tool_bar")


def toggle_status(desk: Desk) -> None:
    """Show or hide the status bar."""
    desk.view.toggle_part("status")


def toggle_list(desk: Desk) -> None:
    """Show or hide the case list."""
    desk.view.toggle_part("list")


def toggle_counters(desk: Desk) -> None:
    """Show or hide the links below the list."""
    desk.view.toggle_part("counters")


def refresh(desk: Desk) -> None:
    """刷新列表."""
    desk.refresh_lists()
    desk.reload()


def toggle_theme(desk: Desk) -> None:
    """Light or dark."""
    desk.place.shell.toggle_theme()


def toggle_language(desk: Desk) -> None:
    """Chinese or English."""
    desk.place.shell.toggle_language()


def toggle_density(desk: Desk) -> None:
    """Bigger text and targets, or back."""
    desk.place.shell.toggle_density()


def toggle_fullscreen(desk: Desk) -> None:
    """The whole screen, or back."""
    desk.place.shell.toggle_fullscreen()


def guide(desk: Desk) -> None:
    """使用说明."""
    from clients.pathology.shell.help import GuidePanel

    desk.show_window("使用说明", GuidePanel(desk), (760, 600))


def keys(desk: Desk) -> None:
    """快捷键列表."""
    from clients.pathology.shell.help import KeysPanel

    desk.show_window("快捷键列表", KeysPanel(desk), (520, 620))


def version(desk: Desk) -> None:
    """版本信息."""
    from clients.pathology.shell.help import VersionPanel

    desk.show_panel("版本信息", VersionPanel(desk))


def export_log(desk: Desk) -> None:
    """导出日志: a copy of this computer's log, which holds no patient data."""
    from clients.pathology.shell.help import ask_log_target

    ask_log_target(desk)
