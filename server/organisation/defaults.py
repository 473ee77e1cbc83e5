"""The small hospital that a first start finds: a catalogue, no logic."""

from __future__ import annotations

from dataclasses import dataclass

HOSPITAL = ("明镜示范医院", "Mingjing Demonstration Hospital")
CAMPUS = ("RAD", "放射科", "Radiology")


@dataclass(frozen=True)
class DefaultType:
    """One exam type. `slot_minutes` is the length of an appointment."""

    code: str
    name: str
    name_en: str
    slot_minutes: int


@dataclass(frozen=True)
class DefaultRoom:
    """One room with its devices as (name, modality, AE title)."""

    code: str
    name: str
    name_en: str
    spoken: str
    exam_types: tuple[str, ...]
    devices: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class DefaultItem:
    """One exam item; price in yuan here, because people read this table."""

    exam_type: str
    code: str
    name: str
    name_en: str
    body_part: str
    body_part_dicom: str  # PS3.16 annex L
    price_yuan: int
    initials: str


DEPARTMENTS = (
    ("RADIOLOGY", "放射科", "Radiology", True),
    ("ULTRASOUND", "超声科", "Ultrasound", True),
    ("INTERNAL", "内科", "Internal medicine", False),
    ("SURGERY", "外科", "Surgery", False),
    ("NEUROLOGY", "神经内科", "Neurology", False),
    ("ORTHOPAEDICS", "骨科", "Orthopaedics", False),
    ("GYNAECOLOGY", "妇产科", "Obstetrics and gynaecology", False),
    ("PAEDIATRICS", "儿科", "Paediatrics", False),
    ("EMERGENCY", "急诊科", "Emergency department", False),
    ("HEALTHCHECK", "体检中心", "Health check centre", False),
)
"""Code, name, English name, whether it performs exams."""

PATIENT_TYPES = (
    ("emergency", "急诊", "Emergency", "red"),
    ("vip", "贵宾", "VIP", "orange"),
    ("ordinary", "普通", "Ordinary", "grey"),
)
"""Code (which is the class), name, English name, colour."""

WORDS = (
    ("purpose", "常规检查", "Routine examination"),
    ("purpose", "术前检查", "Before an operation"),
    ("purpose", "术后复查", "After an operation"),
    ("purpose", "治疗后复查", "After treatment"),
    ("purpose", "健康体检", "Health check"),
    ("cancel_reason", "患者要求取消", "The patient asked for it"),
    ("cancel_reason", "患者未到", "The patient did not come"),
    ("cancel_reason", "重复登记", "Registered twice"),
    ("cancel_reason", "检查不适合", "The exam does not fit"),
    ("cancel_reason", "设备故障", "The device is out of order"),
    ("return_reason", "侧别或部位与影像不符", "Side or part does not agree with the images"),
    ("return_reason", "描述不完整，请补充", "The description is incomplete"),
    ("return_reason", "测量值缺失或有误", "A measurement is missing or wrong"),
    ("return_reason", "诊断意见与影像所见不符", "Impression and findings do not agree"),
    ("return_reason", "未与旧片比较", "Not compared with earlier images"),
    ("return_reason", "用语或错别字，请修改", "Wording or typing mistakes"),
    ("return_reason", "漏填危急值", "The critical value was not stated"),
)
"""Dictionary, words, English words."""

TYPES = (
    DefaultType("CT", "CT", "CT", 10),
    DefaultType("MR", "磁共振", "MR", 20),
    DefaultType("DR", "数字化摄影", "DR", 5),
    DefaultType("CR", "计算机摄影", "CR", 5),
    DefaultType("MG", "乳腺钼靶", "Mammography", 15),
    DefaultType("US", "超声", "Ultrasound", 10),
)

ROOMS = (
    DefaultRoom("CT1", "CT 一室", "CT Room 1", "CT一室", ("CT",), (("CT 一号机", "CT", "CT1"),)),
    DefaultRoom("CT2", "CT 二室", "CT Room 2", "CT二室", ("CT",), (("CT 二号机", "CT", "CT2"),)),
    DefaultRoom("MR1", "MR 一室", "MR Room 1", "磁共振一室", ("MR",), (("MR 一号机", "MR", "MR1"),)),
    DefaultRoom("DR1", "DR 一室", "DR Room 1", "DR一室", ("DR",), (("DR 一号机", "DX", "DR1"),)),
    DefaultRoom("DR2", "DR 二室", "DR Room 2", "DR二室", ("DR", "CR"), (("CR 读片机", "CR", "CR1"),)),
    DefaultRoom("MG1", "钼靶室", "Mammography Room", "钼靶室", ("MG",), (("乳腺机", "MG", "MG1"),)),
    DefaultRoom("US1", "超声一室", "Ultrasound Room 1", "超声一室", ("US",), (("超声一号机", "US", "US1"),)),
)

_I = DefaultItem
ITEMS = (
    _I("CT", "CT001", "颅脑平扫", "Head, plain", "颅脑", "HEAD", 240, "lnps"),
    _I("CT", "CT002", "颅脑增强", "Head, contrast", "颅脑", "HEAD", 560, "lnzq"),
    _I("CT", "CT003", "鼻窦平扫", "Paranasal sinuses, plain", "鼻窦", "PARANASALSINUS", 240, "bdps"),
    _I("CT", "CT004", "颈部平扫", "Neck, plain", "颈部", "NECK", 260, "jbps"),
    _I("CT", "CT005", "胸部平扫", "Chest, plain", "胸部", "CHEST", 280, "xbps"),
    _I("CT", "CT006", "胸部增强", "Chest, contrast", "胸部", "CHEST", 620, "xbzq"),
    _I("CT", "CT007", "胸部低剂量筛查", "Chest, low dose screening", "胸部", "CHEST", 220, "xbdjlsc"),
    _I("CT", "CT008", "上腹部平扫", "Upper abdomen, plain", "上腹部", "ABDOMEN", 280, "sfbps"),
    _I("CT", "CT009", "上腹部增强", "Upper abdomen, contrast", "上腹部", "ABDOMEN", 660, "sfbzq"),
    _I("CT", "CT010", "盆腔平扫", "Pelvis, plain", "盆腔", "PELVIS", 280, "pqps"),
    _I("CT", "CT011", "腰椎平扫", "Lumbar spine, plain", "腰椎", "LSPINE", 260, "yzps"),
    _I("CT", "CT012", "冠状动脉造影", "Coronary angiography", "心脏", "HEART", 980, "gzdmzy"),
    _I("CT", "CT013", "肺动脉造影", "Pulmonary angiography", "胸部", "CHEST", 860, "fdmzy"),
    _I("CT", "CT014", "头颈动脉造影", "Head and neck angiography", "头颈部", "HEADNECK", 920, "tjdmzy"),
    _I("MR", "MR001", "颅脑平扫", "Brain, plain", "颅脑", "BRAIN", 480, "lnps"),
    _I("MR", "MR002", "颅脑增强", "Brain, contrast", "颅脑", "BRAIN", 880, "lnzq"),
    _I("MR", "MR003", "颅脑血管成像", "Brain angiography", "颅脑", "BRAIN", 620, "lnxgcx"),
    _I("MR", "MR004", "颈椎平扫", "Cervical spine, plain", "颈椎", "CSPINE", 480, "jzps"),
    _I("MR", "MR005", "腰椎平扫", "Lumbar spine, plain", "腰椎", "LSPINE", 480, "yzps"),
    _I("MR", "MR006", "膝关节平扫", "Knee, plain", "膝关节", "KNEE", 480, "xgjps"),
    _I("MR", "MR007", "肩关节平扫", "Shoulder, plain", "肩关节", "SHOULDER", 480, "jgjps"),
    _I("MR", "MR008", "上腹部平扫", "Upper abdomen, plain", "上腹部", "ABDOMEN", 520, "sfbps"),
    _I("MR", "MR009", "前列腺平扫", "Prostate, plain", "前列腺", "PROSTATE", 520, "qlxps"),
    _I("DR", "DR001", "胸部正位", "Chest, PA", "胸部", "CHEST", 60, "xbzw"),
    _I("DR", "DR002", "胸部正侧位", "Chest, PA and lateral", "胸部", "CHEST", 100, "xbzcw"),
    _I("DR", "DR003", "腹部立位", "Abdomen, erect", "腹部", "ABDOMEN", 60, "fblw"),
    _I("DR", "DR004", "颈椎正侧位", "Cervical spine, AP and lateral", "颈椎", "CSPINE", 100, "jzzcw"),
    _I("DR", "DR005", "腰椎正侧位", "Lumbar spine, AP and lateral", "腰椎", "LSPINE", 100, "yzzcw"),
    _I("DR", "DR006", "骨盆正位", "Pelvis, AP", "骨盆", "PELVIS", 60, "gpzw"),
    _I("DR", "DR007", "左膝关节正侧位", "Left knee, AP and lateral", "膝关节", "KNEE", 100, "zxgjzcw"),
    _I("DR", "DR008", "右膝关节正侧位", "Right knee, AP and lateral", "膝关节", "KNEE", 100, "yxgjzcw"),
    _I("DR", "DR009", "左手正斜位", "Left hand, PA and oblique", "手", "HAND", 90, "zszxw"),
    _I("DR", "DR010", "右手正斜位", "Right hand, PA and oblique", "手", "HAND", 90, "yszxw"),
    _I("CR", "CR001", "胸部正位", "Chest, PA", "胸部", "CHEST", 50, "xbzw"),
    _I("CR", "CR002", "四肢正侧位", "Extremity, AP and lateral", "四肢", "EXTREMITY", 80, "szzcw"),
    _I("MG", "MG001", "双乳钼靶摄影", "Bilateral mammography", "乳腺", "BREAST", 260, "srmbsy"),
    _I("MG", "MG002", "单乳钼靶摄影", "Unilateral mammography", "乳腺", "BREAST", 140, "drmbsy"),
    _I("US", "US001", "肝胆胰脾超声", "Liver, gallbladder, pancreas, spleen", "上腹部", "ABDOMEN", 120, "gdypcs"),
    _I("US", "US002", "甲状腺超声", "Thyroid", "甲状腺", "THYROID", 90, "jzxcs"),
    _I("US", "US003", "心脏超声", "Echocardiography", "心脏", "HEART", 220, "xzcs"),
    _I("US", "US004", "泌尿系超声", "Urinary tract", "泌尿系", "KIDNEY", 120, "mnxcs"),
)
