"""English words of the page of results."""

from __future__ import annotations

ENTRIES: dict[str, str] = {
    "报告结果": "Results",
    "生成报告结果": "Make results of a report",
    "危急值升级": "Escalate a critical value",
    "查看未结束的危急值": "Look after open critical values",
    "生成并签名报告文件": "Draw and sign the paper of a report",
    "检查未完成的报告结果": "Look after results of reports",
    "结果规则": "Rules of results",
    "DICOM 报告": "DICOM report",
    "DICOM 关键图像": "DICOM key images",
    "CDA 文档": "CDA document",
    "FHIR 报告": "FHIR report",
    "HL7 MDM（CDA）": "HL7 MDM (CDA)",
    "HL7 危急值": "HL7 critical values",
    "事由": "Why",
    "发出时间": "Issued",
    "审核": "Approved",
    "没有规则": "No rules",
    "修订": "Revised",
    "补充": "Addendum",
    "撤回": "Withdrawn",
    "去向": "Goes to",
    "文档库": "Documents",
    "影像归档": "Archive",
    "本院": "Here",
    "没有结果": "No results",
    "报告审核通过后，存档的结构化报告和发出的消息会显示在这里。": (
        "Structured reports kept in the archive and messages sent show up here once a report is approved."
    ),
    "检查号或患者姓名": "Accession number or patient's name",
    "共 {total} 条，等待 {waiting}，失败 {failed}": "{total} in all, {waiting} waiting, {failed} failed",
    "放弃的理由": "Why it is given up",
    "报告版本": "Edition of the report",
    "第 {number} 版": "No. {number}",
    "对象标识": "SOP Instance UID",
    "消息记录": "Message",
    "连接已删除": "connection removed",
    "请选择发出消息的连接。": "Choose the connection that sends it.",
    "规则已被他人修改，请刷新后再改。": "Somebody else changed the rules; refresh, then change them.",
    "附 PDF": "PDF",
    "附上 PDF 报告": "With the PDF report",
    "仅 ORU 和 FHIR": "ORU and FHIR only",
    "没有规则时，报告审核后不产生任何结果。": "Without rules nothing is made of approved reports.",
    "报告审核、修订、补充或撤回时，按规则存入影像归档或发给其他系统；改动只影响以后的报告。": (
        "When a report is approved, revised, added to or withdrawn, the rules put it into the archive or send it to"
        " other systems. Changes hold for later reports."
    ),
    "FHIR、ORU、MDM 和危急值需要；在“接口”中添加": "For FHIR, ORU, MDM and critical values; added under Interfaces",
    "不选则全部": "All when none is chosen",
    "已删除规则：{kind}": "Rule removed: {kind}",
}
