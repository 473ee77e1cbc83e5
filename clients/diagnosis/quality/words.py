"""Words of quality control and their English; knows no Qt."""

from __future__ import annotations

from collections.abc import Mapping

from clients.kit.translations import Language, language
from shared.contract.quality import QualityGrade, QualityObject, SheetItem, Stratum

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
