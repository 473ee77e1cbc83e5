"""What has to be known before anything is written: the quality gate's verdict, obstacles, critical findings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from clients.ecg.reading.state import PageState
from clients.kit.panels import Banner
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from shared.contract.ecg_critical import AlarmView
from shared.domain.ecg import ReportState


@dataclass(frozen=True, slots=True)
class Said:
    """A finished sentence with its tone."""

    text: str
    tone: Tone


class QualityStrip(Banner):
    """What is wrong with the trace and what to do before the patient leaves; 重新采集 at its right (ECG-ACQ-08)."""

    def show_state(self, state: PageState, acquire: Callable[[], object]) -> None:
        """Show the verdict of the trace in front; nothing for a good one."""
        said = quality_of(state)
        if said is None:
            self.hide()
            return
        again = (lambda: _do(acquire)) if state.may_acquire else None
        self.show_message(said.text, said.tone, action="重新采集", on_action=again)
        self.setToolTip(said.text)


class NoticeStrip(Banner):
    """Why nothing can be written, why the report came back, what is critical."""

    def show_state(self, state: PageState, acknowledge: Callable[[AlarmView], object] | None = None) -> None:
        """Show the most important of them; a critical ECG can be acknowledged here by whoever may (EX-ECG-09)."""
        said = notice_of(state)
        if said is None:
            self.hide()
            return
        alarm = open_alarm(state)
        if alarm is not None and acknowledge is not None:
            self.show_message(said.text, said.tone, action="确认已处理", on_action=_Acknowledges(acknowledge, alarm))
        else:
            self.show_message(said.text, said.tone)
        self.setToolTip(said.text)


def quality_of(state: PageState) -> Said | None:
    """The gate's sentences, the worst first."""
    drawn = state.in_front
    if drawn is None or drawn.trace is None:
        return None
    if state.page is not None and state.page.state is ReportState.SUBMITTED:  # nobody records it again
        return None
    english = language() is Language.ENGLISH
    trace = drawn.trace
    if trace.patient_differs:
        words = tr("心电图文件中的患者（{name}）与本检查不符，请核对后再阅图。", name=trace.file_patient)
        return Said(words, Tone.DANGER)
    found = sorted(trace.quality.findings, key=lambda one: one.severity != "fail")
    if not found:
        return None
    sentences = [one.en if english else one.zh for one in found]
    tone = Tone.WARNING if trace.quality.passed else Tone.DANGER
    head = tr("心电图质量需注意：") if trace.quality.passed else tr("心电图质量不合格：")
    return Said(head + (" " if english else "").join(sentences), tone)


def notice_of(state: PageState) -> Said | None:
    """The most important sentence beside quality."""
    page = state.page
    english = language() is Language.ENGLISH
    if state.past is not None:
        return Said(tr("历史检查，只读。点“本次检查”返回。"), Tone.INFO)
    if page is None:
        return None
    first = open_alarm(state)
    if first is not None:
        name, reason = (first.en, first.reason_en) if english else (first.zh, first.reason_zh)
        return Said(tr("疑似危急心电图：{name}（{reason}），请立即处理。", name=name, reason=reason), Tone.DANGER)
    if page.returned:
        return Said(tr("审核退回：{reason}", reason=page.returned), Tone.WARNING)
    if page.state is ReportState.PENDING and page.is_editable:
        return Said(tr("初读医生 {reader} 已提交，等待您审核。", reader=page.reader), Tone.INFO)
    if page.state is ReportState.SUBMITTED:
        when = page.submitted_at.astimezone().strftime("%Y-%m-%d %H:%M") if page.submitted_at else ""
        signed = page.auditor or page.reader
        return Said(tr("报告已提交：{reader} {when}", reader=signed, when=when), Tone.SUCCESS)
    if page.obstacle and not page.is_editable:
        return Said(page.obstacle, Tone.INFO)
    if state.is_read_only:
        return Said(tr("只读阅图，不能修改。"), Tone.INFO)
    return None


def open_alarm(state: PageState) -> AlarmView | None:
    """The first critical finding that nobody acknowledged."""
    if state.page is None or state.past is not None:
        return None
    return next((one for one in state.page.alarms if one.acknowledged_at is None), None)


class _Acknowledges:
    def __init__(self, acknowledge: Callable[[AlarmView], object], alarm: AlarmView) -> None:
        self._acknowledge, self._alarm = acknowledge, alarm

    def __call__(self) -> None:
        self._acknowledge(self._alarm)


def _do(acquire: Callable[[], object]) -> None:
    acquire()
