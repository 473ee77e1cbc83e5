"""Words of critical values, and their English; knows no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from clients.kit.paging import local_time
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from shared.contract.critical import CriticalHit, LoopLine, LoopView
from shared.domain.critical import CriticalLevel, CriticalRegion, Escalation, LoopState, Means

STATES: Mapping[str, StateLook] = {
    LoopState.OPEN: StateLook("待通知", Tone.DANGER, "alert"),
    LoopState.NOTIFIED: StateLook("已通知，待确认", Tone.WARNING, "call"),
    LoopState.ACKNOWLEDGED: StateLook("已确认", Tone.SUCCESS, "check_circle"),
    LoopState.CANCELLED: StateLook("已撤销", Tone.NEUTRAL, "cross_circle"),
}
REGIONS = {
    CriticalRegion.HEAD: "头颅",
    CriticalRegion.NECK: "头颈",
    CriticalRegion.CHEST: "胸部",
    CriticalRegion.HEART: "心脏大血管",
    CriticalRegion.ABDOMEN: "腹部",
    CriticalRegion.PELVIS: "盆腔与妇产",
    CriticalRegion.SPINE: "脊柱",
    CriticalRegion.LIMBS: "四肢与外周血管",
    CriticalRegion.ANY: "全身与检查中",
}
LEVELS = {CriticalLevel.ONE: "一级", CriticalLevel.TWO: "二级"}
ESCALATIONS = {
    Escalation.DOCTOR: "请检医生",
    Escalation.WARD: "病区值班",
    Escalation.HEAD: "科主任",
    Escalation.OFFICE: "医务处",
}
MEANS = {
    Means.PHONE: "电话",
    Means.MESSAGE: "短信或消息",
    Means.WARD_SCREEN: "病区屏幕",
    Means.IN_PERSON: "当面",
}
LINES = {
    "report": "上报",
    "notify": "通知",
    "escalate": "升级",
    "acknowledge": "病区确认",
    "record": "记录确认",
    "correct": "更正",
    "reopen": "更正并重新打开",
    "cancel": "撤销上报",
}


def name_of(loop: LoopView) -> str:
    """The critical value's name in the language of the moment."""
    return loop.name_en if language() is Language.ENGLISH and loop.name_en else loop.name


def hit_words(hit: CriticalHit) -> str:
    """Why a sentence is a critical value, in one sentence."""
    name = hit.name_en if language() is Language.ENGLISH and hit.name_en else hit.name
    where = tr("诊断意见") if hit.field == "impression" else tr("影像所见")
    source = (
        "{where}写到“{sentence}”，疑似危急值“{name}”"
        if hit.is_suspected
        else "{where}写到“{sentence}”，属于危急值“{name}”"
    )
    return tr(source, where=where, sentence=hit.sentence[:80], name=name)


def minutes_since(moment: datetime, now: datetime) -> int:
    """Whole minutes from `moment` to `now`, never negative."""
    return max(0, int((now - moment).total_seconds() // 60))


def waited_words(loop: LoopView, now: datetime) -> str:
    """How long the loop has been open, or how it ended."""
    if loop.state in (LoopState.OPEN, LoopState.NOTIFIED):
        return tr("已 {minutes} 分钟", minutes=minutes_since(loop.opened_at, now))
    if loop.acknowledged_at is not None and loop.state is LoopState.ACKNOWLEDGED:
        return tr("{minutes} 分钟后确认", minutes=minutes_since(loop.opened_at, loop.acknowledged_at))
    return ""


def line_words(line: LoopLine) -> tuple[str, str]:
    """Head and text of one line of the log."""
    head = f"{local_time(line.at)} · {line.by}"
    parts = [tr(LINES.get(line.action, line.action))]
    if line.name:
        parts.append(line.name)
    if line.means is not None:
        parts.append(tr(MEANS[line.means]))
    if line.read_back:
        parts.append(tr("已回读"))
    text = " · ".join(parts)
    return head, f"{text}\n{line.note}" if line.note else text
