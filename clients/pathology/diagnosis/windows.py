"""Opens the windows of the diagnosis page; light to import, screens are made inside the functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from shared.contract.pathology_reports import DiagnosisView
from shared.domain.pathology import OpinionKind
from shared.domain.pathology_reports import ReportKind

if TYPE_CHECKING:
    from clients.pathology.diagnosis.presenter import DiagnosisPresenter

FOOT = {"consultation": "会诊意见", "supplementary": "补充报告", "diagnosis": "诊断意见", "frozen": "冰冻结果"}
"""The four buttons of PA-DX-07 by what their window begins with."""
KINDS = {
    "consultation": OpinionKind.CONSULTATION,
    "supplementary": OpinionKind.SUPPLEMENTARY,
    "frozen": OpinionKind.FROZEN,
}
REPORTS = {
    OpinionKind.CONSULTATION: ReportKind.CONSULTATION,
    OpinionKind.SUPPLEMENTARY: ReportKind.SUPPLEMENTARY,
    OpinionKind.FROZEN: ReportKind.FROZEN,
}
_open_pages: dict[int, DiagnosisPresenter] = {}


def register(desk: Desk, presenter: DiagnosisPresenter) -> None:
    """The page of a desk is there: entries of menus work with it."""
    _open_pages[id(desk)] = presenter


def forget(desk: Desk) -> None:
    """The page of a desk is gone."""
    _open_pages.pop(id(desk), None)


def presenter_of(desk: Desk) -> DiagnosisPresenter | None:
    """Return the page of a desk, which is brought to the front; None where the station has none."""
    if id(desk) not in _open_pages:
        desk.show_tab("diagnosis")
    found = _open_pages.get(id(desk))
    if found is None:
        desk.place.messages.say(tr("请在诊断工作站进行此操作。"), Tone.WARNING)
    return found


def count_of(page: DiagnosisView, key: str) -> int:
    """Return how many opinions stand behind a button of the foot."""
    kind = KINDS.get(key)
    settled = [one for one in page.opinions if not one.is_draft]
    if kind is None:
        return sum(one.kind not in REPORTS for one in settled)
    return sum(one.kind is kind for one in settled)


def open_window(desk: Desk, presenter: DiagnosisPresenter, key: str) -> None:
    """The one window of all opinions, begun at what a button says (PA-DX-07, -08)."""
    from clients.pathology.diagnosis.opinions_window import OpinionsWindow

    if presenter.state.page is not None:
        desk.show_window(FOOT[key], OpinionsWindow(desk, presenter, KINDS.get(key)), (980, 640))


def open_checklist(desk: Desk, presenter: DiagnosisPresenter) -> None:
    """结构化报告."""
    from clients.pathology.diagnosis.checklist_panel import ChecklistPanel

    page = presenter.state.page
    if page is not None:
        desk.show_window("结构化报告", ChecklistPanel(desk, page.case_id, page.report.text.diagnosis), (760, 680))


def open_codes(desk: Desk, presenter: DiagnosisPresenter) -> None:
    """ICD-O, ICD-10 beside the text."""
    from clients.pathology.diagnosis.codes_panel import CodesPanel

    if presenter.state.page is not None:
        desk.show_panel("编码", CodesPanel(desk, presenter), 360)


def preview(desk: Desk, presenter: DiagnosisPresenter, report_id: int = 0) -> None:
    """报告预览, with format and print."""
    from clients.pathology.diagnosis.preview_window import PreviewWindow

    page = presenter.state.page
    if page is None or not (report_id or page.report.id):
        desk.place.messages.say(tr("还没有诊断意见，没有可预览的报告。"), Tone.WARNING)
        return
    desk.show_window("报告预览", PreviewWindow(desk, presenter, report_id or page.report.id), (900, 860))


def show_differences(desk: Desk, page: DiagnosisView) -> None:
    """What a correction changed."""
    from clients.pathology.diagnosis.difference_panel import DifferencePanel

    desk.show_panel("查看更正", DifferencePanel(desk, page.report), 460)


def show_grossing(desk: Desk) -> None:
    """取材记录 (PA-DX-12)."""
    from clients.pathology.diagnosis.records import grossing_records

    if desk.details is not None:
        desk.show_window("取材记录", grossing_records(desk, desk.details), (900, 480))


def show_slides(desk: Desk) -> None:
    """切片记录 (PA-DX-20)."""
    from clients.pathology.diagnosis.records import slide_records

    if desk.details is not None:
        desk.show_window("切片记录", slide_records(desk, desk.details), (900, 480))


def show_log(desk: Desk, case_id: int) -> None:
    """Who audited, printed, sent, read back, and when (PA-RPT-11)."""
    from clients.pathology.diagnosis.records import report_log

    desk.show_window("报告日志", report_log(desk, case_id), (820, 480))


def report_critical(desk: Desk, case_id: int) -> None:
    """危急值 and unexpected diagnoses (EX-PA-08)."""
    from clients.pathology.diagnosis.small_forms import CriticalPanel

    desk.show_panel("上报危急值", CriticalPanel(desk, case_id), 380)


def follow_up(desk: Desk) -> None:
    """追踪随访 of the open case or of the row."""
    from clients.pathology.diagnosis.small_forms import FollowUpPanel

    target = desk.case or desk.selected
    if target is not None:
        desk.show_panel("追踪随访", FollowUpPanel(desk, target.id), 380)
