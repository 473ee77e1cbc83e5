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
ENTRIES: Mapping[str, str] = {
    "质控": "Quality",
    "质控任务": "Quality tasks",
    "新建": "New",
    "甲、乙、丙、丁": "A, B, C, D",
    "没有病例": "No cases",
    "先选择一个质控任务。": "Choose a quality task first.",
    "新建质控任务": "New quality task",
    "质控统计": "Quality figures",
    "任务名称": "Task name",
    "质控内容": "What is scored",
    "影像": "Images",
    "初诊报告": "First report",
    "审核报告": "Audited report",
    "审核日期从": "Approved from",
    "审核日期到": "to",
    "设备类型": "Device type",
    "部位含": "Body part contains",
    "仅急诊": "Emergencies only",
    "抽样例数": "Cases",
    "抽样比例": "Share",
    "与抽样比例二者选一": "This or the share",
    "分层": "Strata",
    "不分层": "No strata",
    "按设备类型分层": "By device type",
    "按设备分层": "By device",
    "按报告医生分层": "By writer",
    "随机种子": "Seed",
    "留空由系统选择；相同的种子抽到相同的病例": "Empty: chosen by the system; the same seed draws the same cases",
    "评分人": "Scorers",
    "一名或两名；留空为本人": "One or two; empty: yourself",
    "符合条件 {count} 份": "{count} reports fit",
    "查看符合条件的份数": "Count the reports",
    "抽样并建立": "Draw and create",
    "已抽取 {count} 例": "{count} cases drawn",
    "还没有质控任务": "No quality tasks yet",
    "新建任务后，系统从已审核的报告中抽样。": "A new task draws a sample of approved reports.",
    "病例": "Case",
    "序号": "No.",
    "进度": "Progress",
    "已完成": "Done",
    "待评分": "To score",
    "第 {number} 例": "Case {number}",
    "评分时不显示患者、报告医生和审核医生。": "Patient, writer and auditor are not shown while scoring.",
    "选择任务和病例后在此评分。": "Choose a task and a case to score it here.",
    "影像所见": "Findings",
    "诊断意见": "Impression",
    "评语": "Comment",
    "低于 60 分须写评语": "Below 60 a comment is needed",
    "保存评分": "Save the score",
    "已评 {total} 分（{grade}）": "Scored {total} ({grade})",
    "另一评分人：{total} 分": "The other scorer: {total}",
    "结束任务": "Close the task",
    "结束后不能再评分，并显示评分人与医生姓名。": "No more scores; names of scorers and doctors are shown then.",
    "任务已结束": "Task closed",
    "对象": "Object",
    "评分数": "Scores",
    "平均分": "Mean",
    "最低分": "Lowest",
    "甲级率": "Grade A",
    "一致性": "Agreement",
    "全部任务": "All tasks",
    "导出 Excel": "Export Excel",
    "已导出到 {path}": "Exported to {path}",
    "还没有评分": "No scores yet",
    "评分后在此显示统计。": "Figures are shown here after scoring.",
    "甲": "A",
    "乙": "B",
    "丙": "C",
    "丁": "D",
}


def item_title(item: SheetItem) -> str:
    """The title of a line of the sheet in the language of the moment."""
    return item.title_en if language() is Language.ENGLISH and item.title_en else item.title
