"""The facts that templates may name, for each document, with their words and a sample for the designer."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from functools import cache

from shared.paper import pathology_facts
from shared.paper.fact_words import Fact, ListFact, PictureFact
from shared.paper.kinds import OF_PATHOLOGY, DocumentKind
from shared.paper.layout import Facts

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

_REPORT = (
    Fact("room", "检查设备", "Device", "CT一室", "CT room 1"),
    Fact("examined_at", "检查时间", "Examined", "2026-11-21 09:40"),
    Fact("ward_bed", "病区/床号", "Ward / bed", ""),
    Fact(
        "critical", "危急值", "Critical value", "是，已按危急值流程处理", "Yes, handled by the critical value procedure"
    ),
    Fact("hp", "HP 结果", "HP result", ""),
    Fact("diagnosing_doctor", "诊断医生", "Reported by", "赵医生", "Dr Zhao"),
    Fact("auditing_doctor", "审核医生", "Approved by", "钱主任", "Dr Qian"),
    Fact("diagnosed_at", "报告时间", "Reported", "2026-11-21 10:05"),
    Fact("approved_at", "审核时间", "Approved", "2026-11-21 10:20"),
    Fact("verification", "核验码", "Code to verify", "https://hospital.example/verify/A1B2-C3D4"),
    Fact("seal", "数字封印", "Seal", "SHA-256 3f0a…c2d1"),
    Fact("version", "版本", "Version", "1"),
    Fact("version_note", "版本说明", "Note on the version", ""),
    Fact("watermark", "水印", "Watermark", ""),
    Fact("reprint", "补打标记", "Reprint mark", ""),
    Fact("copy_number", "打印份次", "Copy", "1"),
    Fact("valid_until", "有效期至", "Valid until", "2027-02-19"),
)

_RICH = (
    Fact(
        "findings",
        "影像所见",
        "Findings",
        "<p>胸廓对称，气管居中。右肺下叶背段见一<b>实性结节</b>，大小约 12 mm × 9 mm，"
        "边缘见短毛刺，增强后明显强化。</p>"
        "<p>余双肺未见明显实变影；各级支气管通畅；纵隔及双侧肺门未见肿大淋巴结。</p><p>心影不大，双侧胸腔未见积液。</p>",
        "<p>The thorax is symmetric. A <b>solid nodule</b> of 12 mm × 9 mm with short spicules lies in the superior "
        "segment of the right lower lobe; it enhances strongly.</p><p>No other consolidation. No enlarged lymph nodes. "
        "No effusion.</p>",
    ),
    Fact(
        "impression",
        "诊断意见",
        "Impression",
        "<p>1. 右肺下叶背段实性结节，考虑肿瘤性病变可能，建议穿刺活检。</p><p>2. 余双肺未见明显异常。</p>",
        "<p>1. Solid nodule of the right lower lobe, suspicious of a tumour: biopsy advised.</p>"
        "<p>2. Otherwise normal lungs.</p>",
    ),
    Fact("technique", "检查方法", "Technique", ""),
)

KEY_IMAGES = ListFact(
    "key_images",
    "关键图像",
    "Key images",
    (Fact("picture", "图像", "Picture", ""), Fact("caption", "说明", "Caption", "")),
    (("sample1", "右肺下叶结节，肺窗"), ("sample2", "增强动脉期，纵隔窗")),
)
MEASUREMENTS = ListFact(
    "measurements",
    "测量",
    "Measurements",
    (
        Fact("number", "序号", "Number", "1"),
        Fact("label", "名称", "Name", ""),
        Fact("value", "数值", "Value", ""),
        Fact("unit", "单位", "Unit", ""),
    ),
    (("1", "结节长径", "12.0", "mm"), ("2", "结节短径", "9.0", "mm")),
)
STRUCTURED = ListFact(
    "structured",
    "结构化字段",
    "Structured fields",
    (
        Fact("number", "序号", "Number", "1"),
        Fact("group", "分组", "Group", ""),
        Fact("label", "字段", "Field", ""),
        Fact("value", "内容", "Content", ""),
    ),
    (("1", "结节", "位置", "右肺下叶背段"), ("2", "结节", "密度", "实性")),
)
ADDENDA = ListFact(
    "addenda",
    "补充报告",
    "Addenda",
    (
        Fact("number", "序号", "Number", "1"),
        Fact("at", "时间", "Time", ""),
        Fact("by", "医生", "Doctor", ""),
        Fact("text", "内容", "Text", ""),
    ),
    (),
)
APPLICATION_PHOTOS = ListFact(
    "application_photos",
    "申请单照片",
    "Photographs of the application",
    (Fact("picture", "照片", "Picture", ""), Fact("caption", "说明", "Caption", "")),
    (),
)
PICTURES = (
    PictureFact("writer_signature", "诊断医生签名", "Signature of the writer"),
    PictureFact("auditor_signature", "审核医生签名", "Signature of the auditor"),
)

_BY_KIND: dict[DocumentKind, tuple[Fact, ...]] = {
    DocumentKind.BARCODE: _COMMON + _VISIT,
    DocumentKind.WRISTBAND: _COMMON + _VISIT,
    DocumentKind.TICKET: _COMMON + _VISIT + _TICKET,
    DocumentKind.REGISTRATION_FORM: _COMMON + _VISIT + _TICKET,
    DocumentKind.REFERRAL_FORM: _COMMON + _VISIT + _REFERRAL,
    DocumentKind.APPLICATION: _COMMON + _VISIT,
    DocumentKind.REPORT: _COMMON + _REPORT,
    **dict.fromkeys(OF_PATHOLOGY, pathology_facts.FACTS),
}


def facts_of(kind: DocumentKind) -> tuple[Fact, ...]:
    """The single facts that a document's template may name."""
    return _BY_KIND[kind]


def lists_of(kind: DocumentKind) -> tuple[ListFact, ...]:
    """The lists that a document's template may repeat over."""
    if kind in OF_PATHOLOGY:
        return pathology_facts.LISTS
    if kind is DocumentKind.REPORT:
        return (ITEMS, KEY_IMAGES, MEASUREMENTS, STRUCTURED, ADDENDA, APPLICATION_PHOTOS)
    return (ITEMS,)


def rich_of(kind: DocumentKind) -> tuple[Fact, ...]:
    """The rich texts that a document's sections may show."""
    if kind in OF_PATHOLOGY:
        return pathology_facts.RICH
    return _RICH if kind is DocumentKind.REPORT else ()


def pictures_of(kind: DocumentKind) -> tuple[PictureFact, ...]:
    """The pictures that a document's template may name besides its own."""
    return PICTURES if kind is DocumentKind.REPORT or kind in OF_PATHOLOGY else ()


def sample(kind: DocumentKind, language: str = "zh", *, rows: int | None = None) -> Facts:
    """Facts of an invented patient; `rows` asks for so many rows in every list."""
    named = (*facts_of(kind), *rich_of(kind))
    values = {fact.name: (fact.sample_en or fact.sample) if language == "en" else fact.sample for fact in named}
    pictures = _sample_pictures() if kind is DocumentKind.REPORT or kind in OF_PATHOLOGY else {}
    return Facts(values, {one.name: tuple(_rows(one, rows)) for one in lists_of(kind)}, pictures)


def _rows(one: ListFact, count: int | None) -> Iterable[dict[str, str]]:
    names = [fact.name for fact in one.facts]
    for index in range(len(one.rows) if count is None or not one.rows else count):
        yield dict(zip(names, one.rows[index % len(one.rows)], strict=True))


@cache
def _sample_pictures() -> dict[str, bytes]:
    """Two grey ovals for the designer, made here so that no picture of a patient is shipped."""
    return {"sample1": _oval(96, 72), "sample2": _oval(72, 72)}


def _oval(width: int, height: int) -> bytes:
    rows = []
    for y in range(height):
        row = bytearray(1)
        for x in range(width):
            away = ((x - width / 2) / (width * 0.42)) ** 2 + ((y - height / 2) / (height * 0.4)) ** 2
            row.append(round(max(0.0, 1.0 - away) * 150) + 20)
        rows.append(bytes(row))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
