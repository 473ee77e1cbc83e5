"""Words that both diagnosis screens use, as Chinese source strings; knows no Qt."""

from __future__ import annotations

from collections.abc import Mapping

from clients.kit.ages import age_for_reader
from clients.kit.paging import local_time
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.reporting import HistoryRow, ReportRow
from shared.domain.states import CriticalValue, HpResult, ReportAction, Sex

SEX_WORDS: Mapping[str, str] = {Sex.MALE: "男", Sex.FEMALE: "女", Sex.OTHER: "其他", Sex.UNKNOWN: "未知"}

LOG_WORDS: Mapping[str, str] = {
    "created": "生成报告",
    ReportAction.WRITE: "进入书写",
    ReportAction.SAVE: "保存",
    ReportAction.SUBMIT: "提交",
    ReportAction.AUDIT: "进入审核",
    ReportAction.APPROVE: "审核通过",
    ReportAction.REJECT: "驳回",
    ReportAction.GIVE_UP: "放弃",
    ReportAction.UNLOCK: "解锁",
    ReportAction.PRINT: "打印",
    ReportAction.REVISE: "撤回修订",
    ReportAction.ADD: "补充",
    "patient_corrected": "修改患者信息",
    "key_image_added": "加入关键图",
    "key_image_removed": "移除关键图",
    "measurement_added": "加入测量",
    "sent_away": "发送云端",
    "brought_home": "从云端返回",
}

CRITICAL_WORDS: Mapping[str, str] = {CriticalValue.NO: "否", CriticalValue.YES: "是"}
HP_WORDS: Mapping[str, str] = {
    HpResult.NOT_EXAMINED: "未检",
    HpResult.NEGATIVE: "阴性",
    HpResult.POSITIVE: "阳性",
}
SCORES = ("甲", "乙", "丙", "丁")

COMPLETE_LOOK = StateLook("齐全", Tone.SUCCESS, "check_circle", quiet=True)
UNKNOWN_LOOK = StateLook("未核实", Tone.NEUTRAL, "help", quiet=True)


def images_look(row: ReportRow) -> StateLook:
    """Return how the images of a report stand: all here, some missing and how many, or nobody said."""
    if row.missing_images:
        return StateLook(tr("缺 {count} 幅", count=row.missing_images), Tone.DANGER, "alert")
    return COMPLETE_LOOK if row.completeness == "complete" else UNKNOWN_LOOK


def patient_words(row: ReportRow) -> str:
    """Return sex and age as a line shows them."""
    return f"{tr(SEX_WORDS[row.sex])}  {age_for_reader(row.age)}"


def history_words(row: HistoryRow) -> str:
    """Return what an earlier exam is."""
    return f"{local_time(row.examined_at)[:10]}  {row.exam_type}  {row.items}"
