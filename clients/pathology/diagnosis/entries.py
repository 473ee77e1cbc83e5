"""What the menu entries of reports do (PA-RPT, PA-BAT, PA-DX-34 to -37)."""

from __future__ import annotations

from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.diagnosis import windows
from shared.domain.pathology import DoctorRole

_copied: dict[int, tuple[int, str]] = {}


def audit(desk: Desk) -> None:
    """报告审核."""
    presenter = windows.presenter_of(desk)
    if presenter is not None:
        presenter.audit()


def reopen(desk: Desk) -> None:
    """取消审核 with a reason."""
    from clients.pathology.diagnosis.small_forms import ReasonPanel

    presenter = windows.presenter_of(desk)
    if presenter is not None:
        hint = "原版本保留可查；报告已发送的，将通知临床并在重新审核后自动重新发送。"
        desk.show_panel("取消审核", ReasonPanel(desk, "取消审核的原因", hint, "取消审核", presenter.reopen), 380)


def delay(desk: Desk) -> None:
    """报告延期 with its reason."""
    from clients.pathology.diagnosis.small_forms import DelayPanel

    presenter = windows.presenter_of(desk)
    if presenter is not None:
        desk.show_panel("报告延期", DelayPanel(desk, presenter), 380)


def preview(desk: Desk) -> None:
    """报告预览."""
    presenter = windows.presenter_of(desk)
    if presenter is not None:
        desk.leave(lambda: windows.preview(desk, presenter))


def print_report(desk: Desk) -> None:
    """报告打印, directly."""
    presenter = windows.presenter_of(desk)
    if presenter is not None:
        presenter.print_report()


def send(desk: Desk) -> None:
    """报告发送."""
    presenter = windows.presenter_of(desk)
    if presenter is not None:
        presenter.send()


def output(desk: Desk) -> None:
    """报告输出 as PDF, picture or web page."""
    from clients.pathology.diagnosis.output_panel import OutputPanel

    presenter = windows.presenter_of(desk)
    if presenter is not None and presenter.state.page is not None:
        desk.show_panel("报告输出", OutputPanel(desk, presenter.state.page.report.id), 360)


def copy(desk: Desk) -> None:
    """报告复制: remember the open case for a later paste (PA-AMB-11)."""
    if desk.case is not None:
        _copied[id(desk)] = (desk.case.id, desk.case.number)
        desk.place.messages.say(tr("已复制 {number} 的报告，打开另一病例后用“报告粘贴”。", number=desk.case.number))


def paste(desk: Desk) -> None:
    """报告粘贴: texts, codes, checklist and captures, the texts as an own draft."""
    from shared.contract.pathology_reports import PasteReport
    from shared.domain.pathology import OpinionKind

    source = _copied.get(id(desk))
    presenter = windows.presenter_of(desk)
    if presenter is None or desk.case is None:
        return
    if source is None:
        desk.place.messages.say(tr("请先在另一病例用“报告复制”。"), Tone.WARNING)
        return
    kind = presenter.state.kind or OpinionKind.FIRST
    request = PasteReport(from_case_id=source[0], to_case_id=desk.case.id, kind=kind)
    presenter.do(request, tr("已粘贴为草稿，请核对后保存"), lambda _page: desk.reload())


def batch_audit(desk: Desk) -> None:
    """批量审核."""
    _batch(desk, "audit")


def batch_print(desk: Desk) -> None:
    """批量打印."""
    _batch(desk, "print")


def batch_send(desk: Desk) -> None:
    """批量发送."""
    _batch(desk, "send")


def _batch(desk: Desk, what: str) -> None:
    from clients.pathology.diagnosis.batch_window import TITLES, BatchWindow

    desk.show_window(TITLES[what], BatchWindow(desk, what), (900, 620))


def track_case(desk: Desk) -> None:
    """病例追踪 (PA-CASE-12)."""
    windows.follow_up(desk)


def adjust_format(desk: Desk) -> None:
    """调整报告格式: the designer of the department's reports (PA-RPT-08)."""
    from clients.pathology.settings.formats import SIZE, FormatsPage

    desk.show_window("调整报告格式", FormatsPage(desk), SIZE)


def name_first(desk: Desk) -> None:
    """提请初诊."""
    _name(desk, DoctorRole.FIRST)


def name_chief(desk: Desk) -> None:
    """提请主诊."""
    _name(desk, DoctorRole.CHIEF)


def name_second(desk: Desk) -> None:
    """提请复诊."""
    _name(desk, DoctorRole.SECOND)


def name_audit(desk: Desk) -> None:
    """提请审核."""
    _name(desk, DoctorRole.AUDIT)


def _name(desk: Desk, role: DoctorRole) -> None:
    from clients.pathology.diagnosis.small_forms import NAMING, NamingPanel

    if desk.selected is not None:
        desk.show_panel(NAMING[role], NamingPanel(desk, role, desk.selected.id, desk.selected.number), 360)
