"""The facts that templates may name, for each document, with their words and a sample for the designer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.paper.kinds import DocumentKind
from shared.paper.layout import Facts


@dataclass(frozen=True)
class Fact:
    """One fact: its name in templates, its words, and what the designer shows for it."""

    name: str
    zh: str
    en: str
    sample: str
    sample_en: str = ""


@dataclass(frozen=True)
class ListFact:
    """A list of rows; `rows` are the designer's samples in the order of `facts`."""

    name: str
    zh: str
    en: str
    facts: tuple[Fact, ...]
    rows: tuple[tuple[str, ...], ...]


_COMMON = (
    Fact("hospital", "医院", "Hospital", "明镜示范医院", "Mingjing Demo Hospital"),
    Fact("department", "检查科室", "Department", "放射科", "Radiology"),
    Fact("exam_number", "检查号", "Exam number", "CT20261121000123"),
    Fact("image_number", "影像号", "Image number", "20261121000123"),
    Fact("name", "姓名", "Name", "欧阳𠮷祥", "欧阳𠮷祥"),
    Fact("masked_name", "姓名（隐名）", "Name, masked", "欧**祥"),
    Fact("pinyin", "姓名拼音", "Name in pinyin", "Ouyang Jixiang"),
    Fact("sex", "性别", "Sex", "男", "Male"),
    Fact("age", "年龄", "Age", "45岁"),
    Fact("birth_date", "出生日期", "Birth date", "1981-05-01"),
    Fact("patient_number", "患者编号", "Patient number", "P0000123"),
    Fact("id_number", "证件号码", "Identity number", "110101198105011239"),
    Fact("masked_id_number", "证件号码（部分）", "Identity number, masked", "110101********1239"),
    Fact("phone", "联系电话", "Phone", "13800000000"),
    Fact("address", "住址", "Address", "北京市东城区示范路 1 号"),
    Fact("card_number", "就诊卡号", "Card number", "C20260001"),
    Fact("inpatient_number", "住院号", "In-patient number", ""),
    Fact("health_check_number", "体检号", "Health check number", ""),
    Fact("visit_number", "门诊/住院号", "Visit number", "C20260001"),
    Fact("visit_kind", "患者类型", "Patient type", "急诊", "Emergency"),
    Fact("emergency", "急诊标记", "Emergency mark", "急", "E"),
    Fact("height", "身高", "Height", "172 cm"),
    Fact("weight", "体重", "Weight", "68 kg"),
    Fact("item", "检查项目", "Items", "胸部CT平扫、胸部CT增强"),
    Fact("exam_type", "检查类型", "Exam type", "CT"),
    Fact("body_part", "检查部位", "Body part", "胸部", "Chest"),
    Fact("requesting_department", "请检科室", "Requesting department", "呼吸内科", "Respiratory medicine"),
    Fact("requesting_doctor", "请检医生", "Requesting doctor", "王医生", "Dr Wang"),
    Fact("requested_at", "请检时间", "Requested", "2026-11-20 16:40"),
    Fact("his_number", "HIS 单号", "Order number", "H2026112000456"),
    Fact("diagnosis", "临床诊断", "Clinical diagnosis", "肺部阴影待查", "Pulmonary opacity"),
    Fact("purpose", "检查目的", "Purpose", "明确病灶性质", "Characterise the lesion"),
    Fact("history", "病史摘要", "History", "咳嗽两周，低热三天，无咯血。", "Cough for two weeks, low fever."),
    Fact("signs", "患者体征", "Signs", "右下肺湿啰音", "Rales in the right lower lung"),
    Fact(
        "safety",
        "安全问题",
        "Safety answers",
        "【!】是否对造影剂过敏：是，碘海醇皮疹；肾功能 eGFR：78 mL/min/1.73m² (2026-11-18)",
        "[!] Allergic to contrast media: yes; Renal function, eGFR: 78 mL/min/1.73m² (2026-11-18)",
    ),
    Fact("total", "合计（元）", "Sum (CNY)", "500.50"),
    Fact("registered_at", "登记时间", "Registered at", "2026-11-21 09:05"),
    Fact("registered_by", "登记人", "Registered by", "李登记", "Li Deng"),
    Fact("printed_at", "打印时间", "Printed at", "2026-11-21 09:06"),
    Fact("printed_by", "打印人", "Printed by", "李登记", "Li Deng"),
    Fact("page", "页码", "Page", "1"),
    Fact("pages", "总页数", "Pages", "1"),
)

_VISIT = (
    Fact("room", "检查室", "Room", "CT一室", "CT room 1"),
    Fact("planned_at", "预约时间", "Planned time", "2026-11-21 09:30"),
    Fact("planned_date", "预约日期", "Planned date", "2026-11-21"),
    Fact("planned_time", "预约时刻", "Planned hour", "09:30"),
    Fact("ticket_number", "排队号", "Ticket number", "A012"),
)

_TICKET = (
    Fact("waiting", "前面等候人数", "Waiting before", "5"),
    Fact("forecast_minutes", "预计等候（分钟）", "Expected wait, minutes", "25"),
    Fact("forecast_time", "预计叫号时刻", "Expected call", "09:55"),
)

_REFERRAL = (
    Fact("referral_number", "转诊单号", "Referral number", "CT20261121000123"),
    Fact("target_organisation", "接收机构", "Receiving organisation", "城北医院", "North Hospital"),
    Fact("target_department", "接收科室", "Receiving department", "城北放射科", "Radiology North"),
    Fact("sending_organisation", "转出机构", "Referring organisation", "明镜示范医院", "Mingjing Demo Hospital"),
    Fact("sending_department", "转出科室", "Referring department", "放射科", "Radiology"),
    Fact("referred_by", "转诊人", "Referred by", "李登记", "Li Deng"),
    Fact("referred_at", "转诊时间", "Referred at", "2026-11-21 09:20"),
    Fact(
        "notes",
        "转诊说明",
        "Notes",
        "本院设备检修，需当日完成检查；碘过敏史，请勿增强。",
        "Our scanner is under repair. Allergic to iodine: no contrast.",
    ),
)

ITEMS = ListFact(
    "items",
    "检查项目",
    "Items",
    (
        Fact("number", "序号", "Number", "1"),
        Fact("name", "项目", "Item", ""),
        Fact("body_part", "部位", "Body part", ""),
        Fact("price", "金额（元）", "Amount (CNY)", ""),
    ),
    (("1", "胸部CT平扫", "胸部", "180.00"), ("2", "胸部CT增强", "胸部", "320.50")),
)

_BY_KIND: dict[DocumentKind, tuple[Fact, ...]] = {
    DocumentKind.BARCODE: _COMMON + _VISIT,
    DocumentKind.WRISTBAND: _COMMON + _VISIT,
    DocumentKind.TICKET: _COMMON + _VISIT + _TICKET,
    DocumentKind.REGISTRATION_FORM: _COMMON + _VISIT + _TICKET,
    DocumentKind.REFERRAL_FORM: _COMMON + _VISIT + _REFERRAL,
    DocumentKind.APPLICATION: _COMMON + _VISIT,
}


def facts_of(kind: DocumentKind) -> tuple[Fact, ...]:
    """The single facts that a document's template may name."""
    return _BY_KIND[kind]


def lists_of(_kind: DocumentKind) -> tuple[ListFact, ...]:
    """The lists that a document's template may repeat over."""
    return (ITEMS,)


def sample(kind: DocumentKind, language: str = "zh", *, rows: int | None = None) -> Facts:
    """Facts of an invented patient; `rows` asks for so many rows in every list."""
    values = {
        fact.name: (fact.sample_en or fact.sample) if language == "en" else fact.sample for fact in facts_of(kind)
    }
    return Facts(values, {one.name: tuple(_rows(one, rows)) for one in lists_of(kind)})


def _rows(one: ListFact, count: int | None) -> Iterable[dict[str, str]]:
    names = [fact.name for fact in one.facts]
    for index in range(len(one.rows) if count is None else count):
        yield dict(zip(names, one.rows[index % len(one.rows)], strict=True))
