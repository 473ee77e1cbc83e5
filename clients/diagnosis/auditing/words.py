"""Words of the audit's screens, and their English."""

from __future__ import annotations

from collections.abc import Mapping

from clients.diagnosis.auditing.state import Base

BASE_WORDS: Mapping[Base, str] = {
    Base.SUBMITTED: "医生提交的内容",
    Base.APPROVED: "上一版审核通过的内容",
    Base.FIRST: "最初的内容",
}

KIND_WORDS: Mapping[str, str] = {"first": "首次审核", "revision": "修订", "addendum": "补充"}

ENTRIES: Mapping[str, str] = {
    "审核对照": "Changes",
    "版本与签名": "Editions and signatures",
    "与此对照": "Compare with",
    "医生提交的内容": "What the doctor submitted",
    "上一版审核通过的内容": "What was approved last",
    "最初的内容": "What was kept first",
    "恢复为对照的内容": "Go back to this text",
    "还没有提交过的内容。": "Nothing was submitted yet.",
    "首次审核": "first approval",
    "修订": "revision",
    "补充": "addendum",
    "修订…": "Revise…",
    "补充…": "Add…",
    "现行": "In force",
    "已取代": "Replaced",
    "已撤回": "Withdrawn",
    "报告还没有审核通过的版本。": "No edition of this report was approved yet.",
    "理由：{reason}": "Reason: {reason}",
    "数字签名：{name}": "Signed by {name}",
    "没有数字签名": "Not signed digitally",
    "打开 PDF": "Open PDF",
    "校验签名": "Check signature",
    "导出数据": "Export data",
    "导出签名数据": "Export signed data",
    "修订理由": "Reason of the revision",
    "补充内容": "Addendum",
    "报告将撤回重写并再次审核，原版保留可查。": "The report is withdrawn, rewritten and audited again; this edition is kept.",
    "原文不变，补充经您签名后成为新的一版。": "The text stands; with your signature the addendum makes a new edition.",
    "撤回修订": "Withdraw and revise",
    "签名并补充": "Sign and add",
    "请填写修订理由。": "Give the reason of the revision.",
    "请填写补充内容。": "Write the addendum.",
    "报告已撤回，可以修订": "The report is withdrawn and can be revised",
    "补充已签名": "The addendum is signed",
    "这一版没有签名的 PDF。": "There is no signed PDF of this edition.",
}
