"""The English of the results that were sent out."""

from __future__ import annotations

ENTRIES: dict[str, str] = {
    "发出结果": "Results",
    "DICOM 报告": "DICOM report",
    "DICOM 关键图像": "DICOM key images",
    "CDA 文档": "CDA document",
    "FHIR 报告": "FHIR report",
    "HL7 MDM（CDA）": "HL7 MDM (CDA)",
    "HL7 危急值": "HL7 critical values",
    "审核已通过": "Approved",
    "修订后审核": "Revision approved",
    "补充报告": "Addendum",
    "已撤回修订": "Withdrawn",
    "影像归档": "Archive",
    "文档库": "Documents",
    "重新发送": "Send again",
    "等待": "Waiting",
    "完成": "Done",
    "失败": "Failed",
    "已放弃": "Given up",
    "第 {number} 版": "Version {number}",
    "报告审核通过后，在这里查看存档和发给其他系统的结果。": (
        "What was kept in the archive and sent to other systems shows here once the report is approved."
    ),
    "正在读取…": "Loading…",
}
