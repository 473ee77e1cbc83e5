"""Words of quality control and their English; knows no Qt."""

from __future__ import annotations

from collections.abc import Mapping

from clients.kit.translations import Language, language, tr
from shared.contract.quality import QualityGrade, QualityObject, QualityTaskView, SheetItem, Stratum

OBJECTS: Mapping[QualityObject, str] = {
    QualityObject.IMAGE: "影像",
    QualityObject.FIRST_REPORT: "初诊报告",
    QualityObject.AUDITED_REPORT: "审核报告",
}
STRATA: Mapping[Stratum, str] = {
    Stratum.NONE: "不分层",
    Stratum.EXAM_TYPE: "按设备类型分层",
    Stratum.DEVICE: "按设备分层",
    Stratum.DOCTOR: "按报告医生分层",
}
GRADES: Mapping[QualityGrade, str] = {
    QualityGrade.A: "甲",
    QualityGrade.B: "乙",
    QualityGrade.C: "丙",
    QualityGrade.D: "丁",
}


def item_title(item: SheetItem) -> str:
    """The title of a line of the sheet in the language of the moment."""
    return item.title_en if language() is Language.ENGLISH and item.title_en else item.title


def drawn_words(task: QualityTaskView) -> str:
    """One sentence when fewer cases fit than were wanted, or some were left out as a scorer's own; else empty."""
    if task.asked > task.cases:
        if task.own_left_out:
            return tr(
                "要求 {asked} 例，只有 {count} 份符合条件（评分人本人的 {own} 份不抽），已全部抽取。",
                asked=task.asked,
                count=task.cases,
                own=task.own_left_out,
            )
        return tr("要求 {asked} 例，只有 {count} 份符合条件，已全部抽取。", asked=task.asked, count=task.cases)
    if task.own_left_out:
        return tr("评分人本人书写或审核的 {own} 份未参与抽样。", own=task.own_left_out)
    return ""
