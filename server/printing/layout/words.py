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
    registration_title: str
    birth_date: str
    phone: str
    identity: str
    address: str
    room: str
    appointment: str
    registered_at: str
    registered_by: str
    fee: str
    remark: str
    ticket_title: str
    ticket_number: str
    waiting: str
    queue_note: str
    signature_of_patient: str
    item: str
    amount: str


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
    registration_title="检查登记单",
    birth_date="出生日期",
    phone="联系电话",
    identity="证件号码",
    address="住址",
    room="检查室",
    appointment="预约时间",
    registered_at="登记时间",
    registered_by="登记人",
    fee="费用（元）",
    remark="注意事项",
    ticket_title="排队小票",
    ticket_number="排队号",
    waiting="前面等候 {count} 人",
    queue_note="请在候诊区等候叫号，过号请到登记台",
    signature_of_patient="患者（家属）签名",
    item="检查项目",
    amount="金额（元）",
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
    registration_title="Examination Registration",
    birth_date="Birth date",
    phone="Phone",
    identity="Identity No.",
    address="Address",
    room="Room",
    appointment="Appointment",
    registered_at="Registered",
    registered_by="Registered by",
    fee="Fee (CNY)",
    remark="Please note",
    ticket_title="Queue ticket",
    ticket_number="Your number",
    waiting="{count} waiting before you",
    queue_note="Please wait to be called; if you missed your call, ask at the desk",
    signature_of_patient="Signature of patient / family",
    item="Examination",
    amount="Amount (CNY)",
)


def words_for(language: Language) -> Words:
    """The labels of a language."""
    return EN if language == "en" else ZH
