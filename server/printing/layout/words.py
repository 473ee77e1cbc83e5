"""The fixed words of the documents in both languages."""

from __future__ import annotations

from dataclasses import dataclass

from server.printing.layout.sheet import Language


@dataclass(frozen=True)
class Words:
    """One language's labels; what the hospital writes itself (names, items, findings) is never translated."""

    report_title: str
    report_note: str
    name: str
    sex: str
    age: str
    patient_number: str
    exam_number: str
    visit_kind: str
    visit_number: str
    department: str
    ward_bed: str
    exam_type: str
    exam_items: str
    device: str
    exam_time: str
    clinical: str
    applicant: str
    technique: str
    findings: str
    impression: str
    critical: str
    diagnosing: str
    auditing: str
    diagnosed_at: str
    audited_at: str
    printed_at: str
    version: str
    page: str
    verify: str
    continued: str
    key_image: str


ZH = Words(
    report_title="影像诊断报告",
    report_note="本报告仅供临床医师参考，签字有效。",
    name="姓名",
    sex="性别",
    age="年龄",
    patient_number="患者编号",
    exam_number="检查号",
    visit_kind="就诊类别",
    visit_number="门诊/住院号",
    department="申请科室",
    ward_bed="病区/床号",
    exam_type="检查类型",
    exam_items="检查项目",
    device="检查设备",
    exam_time="检查时间",
    clinical="临床诊断",
    applicant="申请医生",
    technique="检查方法",
    findings="影像所见",
    impression="诊断意见",
    critical="危急值",
    diagnosing="诊断医生",
    auditing="审核医生",
    diagnosed_at="报告时间",
    audited_at="审核时间",
    printed_at="打印时间",
    version="第 {version} 版",
    page="第 {page} 页 共 {pages} 页",
    verify="扫码核验",
    continued="（续）",
    key_image="图 {number}",
)

EN = Words(
    report_title="Diagnostic Imaging Report",
    report_note="For the treating physician; valid with signature only.",
    name="Name",
    sex="Sex",
    age="Age",
    patient_number="Patient No.",
    exam_number="Exam No.",
    visit_kind="Visit",
    visit_number="Visit No.",
    department="Department",
    ward_bed="Ward / bed",
    exam_type="Modality",
    exam_items="Examination",
    device="Device",
    exam_time="Exam time",
    clinical="Clinical",
    applicant="Referrer",
    technique="Technique",
    findings="Findings",
    impression="Impression",
    critical="Critical value",
    diagnosing="Reported by",
    auditing="Approved by",
    diagnosed_at="Reported",
    audited_at="Approved",
    printed_at="Printed",
    version="Version {version}",
    page="Page {page} of {pages}",
    verify="Scan to verify",
    continued="(continued)",
    key_image="Fig. {number}",
)


def words_for(language: Language) -> Words:
    """The labels of a language."""
    return EN if language == "en" else ZH
