"""Names of pathology: libraries, states, actions, flags and kinds of cases, specimens, blocks, slides, orders, loans.

The values travel on the wire and stand in the database. The Chinese words are what screens show; `ENGLISH` holds their
English, so that every workstation has the same. Requirements PA-CLR, PA-GRS-07, PA-SM.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple


class Word(NamedTuple):
    """What a member of an enumeration is called: the Chinese label of the requirements, and the English one."""

    zh: str
    en: str


class StateMark(NamedTuple):
    """How a case's state is shown: label, one-character glyph and colour; never the colour alone (PA-CLR-12)."""

    zh: str
    en: str
    glyph: str
    colour: str  # "#RRGGBB"


# ── libraries and numbers ────────────────────────────────────────────────────────────────────────────


class LibraryKind(StrEnum):
    """How a library (病例库) works; the hospital's own libraries are of one of these kinds too."""

    ROUTINE = "routine"
    FROZEN = "frozen"
    CYTOLOGY = "cytology"
    LIQUID = "liquid"
    KIDNEY = "kidney"


LIBRARY_KINDS = {
    LibraryKind.ROUTINE: Word("常规", "Routine"),
    LibraryKind.FROZEN: Word("冰冻", "Frozen section"),
    LibraryKind.CYTOLOGY: Word("细胞学", "Cytology"),
    LibraryKind.LIQUID: Word("液基细胞学", "Liquid-based cytology"),
    LibraryKind.KIDNEY: Word("肾穿", "Kidney biopsy"),
}
CYTOLOGY_KINDS = frozenset({LibraryKind.CYTOLOGY, LibraryKind.LIQUID})
"""Kinds whose slides are smears: no grossing and no blocks are needed (PA-SM-CASE-09)."""


class DatePart(StrEnum):
    """The date inside a case number."""

    NONE = "none"
    YY = "yy"
    YYYY = "yyyy"
    YYMM = "yymm"
    YYYYMM = "yyyymm"
    YYMMDD = "yymmdd"
    YYYYMMDD = "yyyymmdd"


DATE_PARTS = {
    DatePart.NONE: Word("无日期", "No date"),
    DatePart.YY: Word("两位年", "YY"),
    DatePart.YYYY: Word("四位年", "YYYY"),
    DatePart.YYMM: Word("年月（四位）", "YYMM"),
    DatePart.YYYYMM: Word("年月（六位）", "YYYYMM"),
    DatePart.YYMMDD: Word("年月日（六位）", "YYMMDD"),
    DatePart.YYYYMMDD: Word("年月日（八位）", "YYYYMMDD"),
}


class ResetPeriod(StrEnum):
    """When the serial of a library's case numbers starts again at 1."""

    NEVER = "never"
    YEAR = "year"
    MONTH = "month"
    DAY = "day"


RESET_PERIODS = {
    ResetPeriod.NEVER: Word("从不重置", "Never"),
    ResetPeriod.YEAR: Word("每年重置", "Every year"),
    ResetPeriod.MONTH: Word("每月重置", "Every month"),
    ResetPeriod.DAY: Word("每日重置", "Every day"),
}

# ── stations, objects ────────────────────────────────────────────────────────────────────────────────


class Station(StrEnum):
    """The nine workstations (PA-SITE-02)."""

    REGISTRATION = "registration"
    GROSSING = "grossing"
    PREPARATION = "preparation"
    DIAGNOSIS = "diagnosis"
    LIQUID = "liquid"
    ROUTINE_SLIDES = "routine_slides"
    CYTOLOGY_SLIDES = "cytology_slides"
    SPECIAL_TESTS = "special_tests"
    ARCHIVE = "archive"


STATIONS = {
    Station.REGISTRATION: Word("登记工作站", "Registration"),
    Station.GROSSING: Word("取材工作站", "Grossing station"),
    Station.PREPARATION: Word("制片工作站", "Preparation station"),
    Station.DIAGNOSIS: Word("诊断工作站", "Pathology diagnosis station"),
    Station.LIQUID: Word("液基诊断工作站", "Liquid-based cytology station"),
    Station.ROUTINE_SLIDES: Word("常规切片工作站", "Routine slide station"),
    Station.CYTOLOGY_SLIDES: Word("细胞学制片工作站", "Cytology slide station"),
    Station.SPECIAL_TESTS: Word("特检工作站", "Special test station"),
    Station.ARCHIVE: Word("归档工作站", "Archive station"),
}


class ObjectKind(StrEnum):
    """The things that carry a barcode and have a trail. Parents: a specimen's is a case, a block's a specimen (or the
    case, where specimens are not registered one by one), a slide's a block, or a specimen for smears."""

    CASE = "case"
    SPECIMEN = "specimen"
    BLOCK = "block"
    SLIDE = "slide"


OBJECT_KINDS = {
    ObjectKind.CASE: Word("病例", "Case"),
    ObjectKind.SPECIMEN: Word("标本", "Specimen"),
    ObjectKind.BLOCK: Word("蜡块", "Block"),
    ObjectKind.SLIDE: Word("玻片", "Slide"),
}


class TaskSource(StrEnum):
    """Why a block or a slide is made (任务来源, PA-GRS-07); OTHER goes with words that were typed."""

    ROUTINE = "routine"
    FROZEN = "frozen"
    DECALCIFIED = "decalcified"
    RECUT = "recut"
    DEEPER = "deeper"
    THIN = "thin"
    SERIAL = "serial"
    REGROSSING = "regrossing"
    SMEAR = "smear"
    IMMUNO = "immuno"
    SPECIAL_STAIN = "special_stain"
    MOLECULAR = "molecular"
    ELECTRON = "electron"
    OTHER = "other"


TASK_SOURCES = {
    TaskSource.ROUTINE: Word("常规", "Routine"),
    TaskSource.FROZEN: Word("冰冻", "Frozen section"),
    TaskSource.DECALCIFIED: Word("脱钙", "Decalcified"),
    TaskSource.RECUT: Word("重切", "Recut"),
    TaskSource.DEEPER: Word("深切", "Deeper cut"),
    TaskSource.THIN: Word("薄切", "Thin cut"),
    TaskSource.SERIAL: Word("连切", "Serial cuts"),
    TaskSource.REGROSSING: Word("补取", "Re-grossing"),
    TaskSource.SMEAR: Word("细胞涂片", "Smear"),
    TaskSource.IMMUNO: Word("免疫组化", "Immunohistochemistry"),
    TaskSource.SPECIAL_STAIN: Word("特殊染色", "Special stain"),
    TaskSource.MOLECULAR: Word("分子病理", "Molecular pathology"),
    TaskSource.ELECTRON: Word("电镜", "Electron microscopy"),
    TaskSource.OTHER: Word("其他", "Other"),
}
GROSSING_SOURCES = (
    TaskSource.ROUTINE,
    TaskSource.FROZEN,
    TaskSource.REGROSSING,
    TaskSource.DECALCIFIED,
    TaskSource.OTHER,
)
ROUTINE_SLIDE_SOURCES = (
    TaskSource.ROUTINE,
    TaskSource.FROZEN,
    TaskSource.DECALCIFIED,
    TaskSource.RECUT,
    TaskSource.DEEPER,
    TaskSource.THIN,
    TaskSource.SERIAL,
    TaskSource.REGROSSING,
)
CYTOLOGY_SLIDE_SOURCES = (TaskSource.SMEAR,)
SPECIAL_TEST_SOURCES = (TaskSource.IMMUNO, TaskSource.SPECIAL_STAIN, TaskSource.MOLECULAR, TaskSource.ELECTRON)

# ── case ─────────────────────────────────────────────────────────────────────────────────────────────


class CaseState(StrEnum):
    """Where a case stands; the order is the main line of PA-SM-CASE."""

    APPOINTED = "appointed"
    REGISTERED = "registered"
    GROSSED = "grossed"
    PREPARED = "prepared"
    FIRST = "first"
    CHIEF = "chief"
    SECOND = "second"
    AUDITED = "audited"
    PRINTED = "printed"
    SENT = "sent"
    DELETED = "deleted"  # the row stays for the log; the number is free again


CASE_STATES = {
    CaseState.APPOINTED: StateMark("已预约", "Booked", "约", "#E8E8E8"),
    CaseState.REGISTERED: StateMark("已登记", "Registered", "登", "#CFE8FF"),
    CaseState.GROSSED: StateMark("已取材", "Grossed", "材", "#7FBFFF"),
    CaseState.PREPARED: StateMark("已制片", "Prepared", "制", "#0B3D91"),
    CaseState.FIRST: StateMark("已初诊", "First opinion", "初", "#FFD6D6"),
    CaseState.CHIEF: StateMark("已主诊", "Chief opinion", "主", "#FF8A8A"),
    CaseState.SECOND: StateMark("已复诊", "Second opinion", "复", "#B00020"),
    CaseState.AUDITED: StateMark("已审核", "Audited", "审", "#8B3A2B"),
    CaseState.PRINTED: StateMark("已打印", "Printed", "印", "#808080"),
    CaseState.SENT: StateMark("已发送", "Sent", "发", "#808080"),
    CaseState.DELETED: StateMark("已删除", "Deleted", "删", "#FFFFFF"),
}
STATE_BUTTONS = (
    CaseState.REGISTERED,
    CaseState.GROSSED,
    CaseState.PREPARED,
    CaseState.FIRST,
    CaseState.CHIEF,
    CaseState.SECOND,
    CaseState.AUDITED,
    CaseState.PRINTED,
    CaseState.SENT,
)
"""The nine filter buttons 登 材 制 初 主 复 审 印 发 (PA-CLR-01)."""
LOCKED_STATES = frozenset({CaseState.AUDITED, CaseState.PRINTED, CaseState.SENT})
"""The record is locked: texts and media change only after 取消审核."""


class CaseAction(StrEnum):
    """What can be done to a case."""

    APPOINT = "appoint"
    EXECUTE = "execute"
    REGISTER = "register"
    IMPORT = "import"
    EXPORT = "export"
    EDIT = "edit"
    FETCH = "fetch"
    SPECIMENS = "specimens"
    GROSS = "gross"
    SECTION = "section"
    SMEAR = "smear"
    MANUAL_SLIDE = "manual_slide"
    NAME_DOCTOR = "name_doctor"
    SAVE_FIRST = "save_first"
    SAVE_CHIEF = "save_chief"
    SAVE_SECOND = "save_second"
    AUDIT = "audit"
    REOPEN = "reopen"
    PRINT = "print"
    PRINT_LABEL = "print_label"
    SEND = "send"
    DELAY = "delay"
    FROZEN_REPORT = "frozen_report"
    ORDER = "order"
    CONSULT = "consult"
    SUPPLEMENT = "supplement"
    FAVOURITE = "favourite"
    FOLLOW_UP = "follow_up"
    CAPTURE = "capture"
    TRANSFER = "transfer"
    DELETE = "delete"


CASE_ACTIONS = {
    CaseAction.APPOINT: Word("预约病例", "Book case"),
    CaseAction.EXECUTE: Word("预约执行", "Execute booking"),
    CaseAction.REGISTER: Word("登记病例", "Register case"),
    CaseAction.IMPORT: Word("导入病例", "Import case"),
    CaseAction.EXPORT: Word("导出病例", "Export case"),
    CaseAction.EDIT: Word("保存病例", "Save case"),
    CaseAction.FETCH: Word("提取病人信息", "Fetch patient data"),
    CaseAction.SPECIMENS: Word("标本接收", "Specimen reception"),
    CaseAction.GROSS: Word("取材记录", "Grossing record"),
    CaseAction.SECTION: Word("切片确认", "Confirm sections"),
    CaseAction.SMEAR: Word("涂片制片", "Make smears"),
    CaseAction.MANUAL_SLIDE: Word("手工录入切片信息", "Manual slide entry"),
    CaseAction.NAME_DOCTOR: Word("提请诊断", "Name doctor"),
    CaseAction.SAVE_FIRST: Word("保存初诊意见", "Save first opinion"),
    CaseAction.SAVE_CHIEF: Word("保存主诊意见", "Save chief opinion"),
    CaseAction.SAVE_SECOND: Word("保存复诊意见", "Save second opinion"),
    CaseAction.AUDIT: Word("报告审核", "Audit report"),
    CaseAction.REOPEN: Word("取消审核", "Withdraw audit"),
    CaseAction.PRINT: Word("报告打印", "Print report"),
    CaseAction.PRINT_LABEL: Word("打印病理条码", "Print case barcode"),
    CaseAction.SEND: Word("报告发送", "Send report"),
    CaseAction.DELAY: Word("报告延期", "Delay report"),
    CaseAction.FROZEN_REPORT: Word("冰冻报告", "Frozen report"),
    CaseAction.ORDER: Word("开立医嘱", "Place order"),
    CaseAction.CONSULT: Word("科内会诊", "Consultation in the department"),
    CaseAction.SUPPLEMENT: Word("补充报告", "Supplementary report"),
    CaseAction.FAVOURITE: Word("收藏病例", "Add to favourites"),
    CaseAction.FOLLOW_UP: Word("追踪随访", "Follow up"),
    CaseAction.CAPTURE: Word("影像采集", "Capture"),
    CaseAction.TRANSFER: Word("病例转存", "Transfer case"),
    CaseAction.DELETE: Word("删除病例", "Delete case"),
}


class CaseFlag(StrEnum):
    """What stands beside a case's state. FAVOURITE is the asking user's own; LOCKED follows from the state."""

    URGENT = "urgent"
    ARREARS = "arrears"
    DELAYED = "delayed"
    CONSULTATION = "consultation"
    FAVOURITE = "favourite"
    FOLLOW_UP = "follow_up"
    REGROSSING = "regrossing"
    ORDERS = "orders"
    FROZEN_REPORTED = "frozen_reported"
    LOCKED = "locked"
    INFECTIOUS = "infectious"
    LOST_MATERIAL = "lost_material"


CASE_FLAGS = {
    CaseFlag.URGENT: Word("急诊", "Emergency"),
    CaseFlag.ARREARS: Word("欠费", "Arrears"),
    CaseFlag.DELAYED: Word("延期", "Delayed"),
    CaseFlag.CONSULTATION: Word("会诊", "Consultation"),
    CaseFlag.FAVOURITE: Word("收藏", "Favourite"),
    CaseFlag.FOLLOW_UP: Word("随访", "Follow-up"),
    CaseFlag.REGROSSING: Word("待补取", "Re-grossing pending"),
    CaseFlag.ORDERS: Word("待执行医嘱", "Orders pending"),
    CaseFlag.FROZEN_REPORTED: Word("冰冻已报", "Frozen reported"),
    CaseFlag.LOCKED: Word("锁定", "Locked"),
    CaseFlag.INFECTIOUS: Word("传染", "Infectious"),
    CaseFlag.LOST_MATERIAL: Word("材料遗失", "Material lost"),
}


class DoctorRole(StrEnum):
    """Which doctor of a case is meant (提请初诊 / 主诊 / 复诊 / 审核)."""

    FIRST = "first"
    CHIEF = "chief"
    SECOND = "second"
    AUDIT = "audit"


DOCTOR_ROLES = {
    DoctorRole.FIRST: Word("初诊医师", "First-opinion doctor"),
    DoctorRole.CHIEF: Word("主诊医师", "Chief doctor"),
    DoctorRole.SECOND: Word("复诊医师", "Second-opinion doctor"),
    DoctorRole.AUDIT: Word("审核医师", "Auditing pathologist"),
}


class FetchBy(StrEnum):
    """By which number 提取 looks a patient up in the hospital system (PA-REG-12)."""

    APPLICATION = "application"
    PATIENT = "patient"
    OUTPATIENT = "outpatient"
    INPATIENT = "inpatient"


FETCH_BY = {
    FetchBy.APPLICATION: Word("申请号", "Application number"),
    FetchBy.PATIENT: Word("病人ID", "Patient ID"),
    FetchBy.OUTPATIENT: Word("门诊号", "Outpatient number"),
    FetchBy.INPATIENT: Word("住院号", "Inpatient number"),
}


class OpinionKind(StrEnum):
    """Kinds of opinions in the opinions window (PA-DX-08)."""

    FIRST = "first"
    CHIEF = "chief"
    SECOND = "second"
    CONSULTATION = "consultation"
    SUPPLEMENTARY = "supplementary"
    FROZEN = "frozen"


OPINION_KINDS = {
    OpinionKind.FIRST: Word("初诊意见", "First opinion"),
    OpinionKind.CHIEF: Word("主诊意见", "Chief opinion"),
    OpinionKind.SECOND: Word("复诊意见", "Second opinion"),
    OpinionKind.CONSULTATION: Word("会诊意见", "Consultation opinion"),
    OpinionKind.SUPPLEMENTARY: Word("补充报告", "Supplementary report"),
    OpinionKind.FROZEN: Word("冰冻报告", "Frozen report"),
}


class ChargeKind(StrEnum):
    """What a line of charges is for."""

    EXAM = "exam"
    TECHNICAL = "technical"
    SPECIAL = "special"


CHARGE_KINDS = {
    ChargeKind.EXAM: Word("检查收费", "Exam charge"),
    ChargeKind.TECHNICAL: Word("常规计费", "Routine billing"),
    ChargeKind.SPECIAL: Word("特检计费", "Special test billing"),
}


class MyList(StrEnum):
    """The four entries of the list's context menu that show the asking doctor's own work (PA-DX-30 to -33)."""

    UNDIAGNOSED = "undiagnosed"
    UNAUDITED = "unaudited"
    UNPRINTED = "unprinted"
    UNSENT = "unsent"


MY_LISTS = {
    MyList.UNDIAGNOSED: Word("我的未诊断报告", "My undiagnosed reports"),
    MyList.UNAUDITED: Word("我的未审核报告", "My unaudited reports"),
    MyList.UNPRINTED: Word("我的未打印报告", "My unprinted reports"),
    MyList.UNSENT: Word("我的未发送报告", "My unsent reports"),
}

# ── specimen ─────────────────────────────────────────────────────────────────────────────────────────


class SpecimenState(StrEnum):
    """Where a specimen's container stands. The tissue taken from it has its own branch, `TissueState`."""

    REGISTERED = "registered"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    GROSSED = "grossed"
    STORED = "stored"
    DISPOSED = "disposed"


SPECIMEN_STATES = {
    SpecimenState.REGISTERED: Word("已登记", "Registered"),
    SpecimenState.ACCEPTED: Word("已确认", "Confirmed"),
    SpecimenState.REJECTED: Word("已拒收", "Rejected"),
    SpecimenState.GROSSED: Word("已取材", "Grossed"),
    SpecimenState.STORED: Word("剩余已存放", "Remainder stored"),
    SpecimenState.DISPOSED: Word("已处理", "Disposed of"),
}


class TissueState(StrEnum):
    """Where the pieces taken from a specimen are, beside the remainder in its container."""

    NONE = "none"
    AT_BENCH = "at_bench"
    HANDED_OVER = "handed_over"


TISSUE_STATES = {
    TissueState.NONE: Word("未取材", "Not grossed"),
    TissueState.AT_BENCH: Word("待移交", "To be handed over"),
    TissueState.HANDED_OVER: Word("已移交", "Handed over"),
}


class SpecimenAction(StrEnum):
    """What can be done to a specimen."""

    REGISTER = "register"
    EDIT = "edit"
    ACCEPT = "accept"
    REJECT = "reject"
    GROSS = "gross"
    STORE = "store"
    HAND_OVER = "hand_over"
    REGROSS = "regross"
    DISPOSE = "dispose"


SPECIMEN_ACTIONS = {
    SpecimenAction.REGISTER: Word("标本登记", "Register specimen"),
    SpecimenAction.EDIT: Word("修改标本", "Edit specimen"),
    SpecimenAction.ACCEPT: Word("标本确认", "Accept specimen"),
    SpecimenAction.REJECT: Word("标本拒收", "Reject specimen"),
    SpecimenAction.GROSS: Word("标本取材", "Gross specimen"),
    SpecimenAction.STORE: Word("剩余存放", "Store remainder"),
    SpecimenAction.HAND_OVER: Word("组织移交", "Hand tissue over"),
    SpecimenAction.REGROSS: Word("补取执行", "Execute re-grossing"),
    SpecimenAction.DISPOSE: Word("标本销毁", "Dispose of specimen"),
}

# ── block ────────────────────────────────────────────────────────────────────────────────────────────


class BlockState(StrEnum):
    """Where a block (one row of the grossing table) stands; shown as 制片状态."""

    TO_VERIFY = "to_verify"
    TO_EMBED = "to_embed"
    TO_SECTION = "to_section"
    SECTIONED = "sectioned"
    ARCHIVED = "archived"
    LENT = "lent"
    LOST = "lost"
    DESTROYED = "destroyed"
    DELETED = "deleted"


BLOCK_STATES = {
    BlockState.TO_VERIFY: Word("待核对", "To verify"),
    BlockState.TO_EMBED: Word("待包埋", "To embed"),
    BlockState.TO_SECTION: Word("待切片", "To section"),
    BlockState.SECTIONED: Word("已切片", "Sectioned"),
    BlockState.ARCHIVED: Word("已归档", "Archived"),
    BlockState.LENT: Word("借出", "On loan"),
    BlockState.LOST: Word("遗失", "Lost"),
    BlockState.DESTROYED: Word("已销毁", "Destroyed"),
    BlockState.DELETED: Word("已删除", "Deleted"),
}


class BlockAction(StrEnum):
    """What can be done to a block."""

    ADD = "add"
    EDIT = "edit"
    DELETE = "delete"
    PRINT_LABEL = "print_label"
    VERIFY = "verify"
    EMBED = "embed"
    SECTION = "section"
    CUT_AGAIN = "cut_again"
    UNDO = "undo"
    ARCHIVE = "archive"
    TAKE_OUT = "take_out"
    LEND = "lend"
    GIVE_BACK = "give_back"
    LOSE = "lose"
    DESTROY = "destroy"


BLOCK_ACTIONS = {
    BlockAction.ADD: Word("增加材块", "Add block"),
    BlockAction.EDIT: Word("修改材块", "Edit block"),
    BlockAction.DELETE: Word("删除材块", "Delete block"),
    BlockAction.PRINT_LABEL: Word("打印包埋条码", "Print cassette barcodes"),
    BlockAction.VERIFY: Word("材块核对", "Verify pieces"),
    BlockAction.EMBED: Word("包埋确认", "Confirm embedding"),
    BlockAction.SECTION: Word("切片确认", "Confirm sections"),
    BlockAction.CUT_AGAIN: Word("蜡块再切", "Cut block again"),
    BlockAction.UNDO: Word("撤销确认", "Undo confirmation"),
    BlockAction.ARCHIVE: Word("蜡块归档", "Archive blocks"),
    BlockAction.TAKE_OUT: Word("蜡块调出", "Take block out"),
    BlockAction.LEND: Word("蜡块借出", "Lend block"),
    BlockAction.GIVE_BACK: Word("蜡块归还", "Return block"),
    BlockAction.LOSE: Word("蜡块遗失", "Report block lost"),
    BlockAction.DESTROY: Word("蜡块销毁", "Destroy block"),
}

# ── slide ────────────────────────────────────────────────────────────────────────────────────────────


class SlideState(StrEnum):
    """Where a slide stands."""

    CUT = "cut"
    LABELLED = "labelled"
    CHECKED = "checked"
    HANDED_OVER = "handed_over"
    ARCHIVED = "archived"
    LENT = "lent"
    LOST = "lost"
    DESTROYED = "destroyed"
    DELETED = "deleted"


SLIDE_STATES = {
    SlideState.CUT: Word("已切片", "Sectioned"),
    SlideState.LABELLED: Word("已打印标签", "Label printed"),
    SlideState.CHECKED: Word("已核对", "Checked"),
    SlideState.HANDED_OVER: Word("已移交", "Handed over"),
    SlideState.ARCHIVED: Word("已归档", "Archived"),
    SlideState.LENT: Word("借出", "On loan"),
    SlideState.LOST: Word("遗失", "Lost"),
    SlideState.DESTROYED: Word("已销毁", "Destroyed"),
    SlideState.DELETED: Word("已删除", "Deleted"),
}


class SlideAction(StrEnum):
    """What can be done to a slide."""

    MAKE = "make"
    PRINT_LABEL = "print_label"
    DELETE = "delete"
    CHECK = "check"
    HAND_OVER = "hand_over"
    READ = "read"
    GRADE = "grade"
    ARCHIVE = "archive"
    TAKE_OUT = "take_out"
    LEND = "lend"
    GIVE_BACK = "give_back"
    LOSE = "lose"
    DESTROY = "destroy"


SLIDE_ACTIONS = {
    SlideAction.MAKE: Word("玻片制作", "Make slide"),
    SlideAction.PRINT_LABEL: Word("标签打印", "Print labels"),
    SlideAction.DELETE: Word("删除玻片", "Delete slide"),
    SlideAction.CHECK: Word("玻片扫描核对", "Scan check of slides"),
    SlideAction.HAND_OVER: Word("玻片移交", "Hand slides over"),
    SlideAction.READ: Word("阅片扫描", "Scan at diagnosis"),
    SlideAction.GRADE: Word("切片评级", "Grade slide"),
    SlideAction.ARCHIVE: Word("切片归档", "Archive slides"),
    SlideAction.TAKE_OUT: Word("切片调出", "Take slide out"),
    SlideAction.LEND: Word("切片借出", "Lend slide"),
    SlideAction.GIVE_BACK: Word("切片归还", "Return slide"),
    SlideAction.LOSE: Word("切片遗失", "Report slide lost"),
    SlideAction.DESTROY: Word("切片销毁", "Destroy slide"),
}


class SlideGrade(StrEnum):
    """Quality of a slide as the reading doctor sees it (切片分类评级)."""

    A = "a"
    B = "b"
    C = "c"
    D = "d"


SLIDE_GRADES = {
    SlideGrade.A: Word("甲级", "Grade A"),
    SlideGrade.B: Word("乙级", "Grade B"),
    SlideGrade.C: Word("丙级", "Grade C"),
    SlideGrade.D: Word("丁级", "Grade D"),
}

# ── orders, loans ────────────────────────────────────────────────────────────────────────────────────


class OrderKind(StrEnum):
    """Technical orders (技术医嘱) and special orders (特检医嘱)."""

    REGROSSING = "regrossing"
    RECUT = "recut"
    DEEPER = "deeper"
    THIN = "thin"
    SERIAL = "serial"
    IMMUNO = "immuno"
    SPECIAL_STAIN = "special_stain"
    MOLECULAR = "molecular"
    ELECTRON = "electron"


ORDER_KINDS = {
    OrderKind.REGROSSING: Word("补取", "Re-grossing"),
    OrderKind.RECUT: Word("重切", "Recut"),
    OrderKind.DEEPER: Word("深切", "Deeper cut"),
    OrderKind.THIN: Word("薄切", "Thin cut"),
    OrderKind.SERIAL: Word("连切", "Serial cuts"),
    OrderKind.IMMUNO: Word("免疫组化", "Immunohistochemistry"),
    OrderKind.SPECIAL_STAIN: Word("特殊染色", "Special stain"),
    OrderKind.MOLECULAR: Word("分子病理", "Molecular pathology"),
    OrderKind.ELECTRON: Word("电镜", "Electron microscopy"),
}
TECHNICAL_ORDERS = (OrderKind.REGROSSING, OrderKind.RECUT, OrderKind.DEEPER, OrderKind.THIN, OrderKind.SERIAL)
SPECIAL_ORDERS = (OrderKind.IMMUNO, OrderKind.SPECIAL_STAIN, OrderKind.MOLECULAR, OrderKind.ELECTRON)


class OrderState(StrEnum):
    """Where an order stands (执行状态)."""

    WAITING = "waiting"
    EXECUTED = "executed"
    RESULTED = "resulted"
    REFUSED = "refused"
    DELETED = "deleted"


ORDER_STATES = {
    OrderState.WAITING: Word("待执行", "Waiting"),
    OrderState.EXECUTED: Word("已执行", "Executed"),
    OrderState.RESULTED: Word("已出结果", "Result present"),
    OrderState.REFUSED: Word("已退回", "Returned"),
    OrderState.DELETED: Word("已删除", "Deleted"),
}


class OrderAction(StrEnum):
    """What can be done to an order."""

    PLACE = "place"
    DELETE = "delete"
    EXECUTE = "execute"
    ENTER_RESULT = "enter_result"
    TAKE_RESULT = "take_result"
    REFUSE = "refuse"


ORDER_ACTIONS = {
    OrderAction.PLACE: Word("开立医嘱", "Place order"),
    OrderAction.DELETE: Word("删除医嘱", "Delete order"),
    OrderAction.EXECUTE: Word("医嘱执行", "Execute order"),
    OrderAction.ENTER_RESULT: Word("录入特检结果", "Enter special test result"),
    OrderAction.TAKE_RESULT: Word("提取特检结果", "Fetch special test results"),
    OrderAction.REFUSE: Word("退回医嘱", "Return order"),
}


class LoanState(StrEnum):
    """Where a loan stands (借阅状态)."""

    LENT = "lent"
    OVERDUE = "overdue"
    RETURNED = "returned"
    LOST = "lost"


LOAN_STATES = {
    LoanState.LENT: Word("借出", "On loan"),
    LoanState.OVERDUE: Word("逾期", "Overdue"),
    LoanState.RETURNED: Word("已归还", "Returned to archive"),
    LoanState.LOST: Word("遗失", "Lost"),
}


class LoanAction(StrEnum):
    """What can be done to a loan."""

    LEND = "lend"
    RETURN = "return"
    EXTEND = "extend"
    REPORT_LOST = "report_lost"


LOAN_ACTIONS = {
    LoanAction.LEND: Word("借出管理", "Lending"),
    LoanAction.RETURN: Word("归还管理", "Returning"),
    LoanAction.EXTEND: Word("延长借期", "Extend loan"),
    LoanAction.REPORT_LOST: Word("登记遗失", "Report lost"),
}

# ── scans, trail ──────────────────────────────────────────────────────────────────────────────


class ScanVerdict(StrEnum):
    """What a scan means at the station that made it. Only FITS and OPENS let the flow go on."""

    FITS = "fits"
    OPENS = "opens"
    WRONG_CASE = "wrong_case"
    WRONG_PARENT = "wrong_parent"
    WRONG_KIND = "wrong_kind"
    WRONG_STATE = "wrong_state"
    UNKNOWN = "unknown"
    UNREADABLE = "unreadable"


SCAN_VERDICTS = {
    ScanVerdict.FITS: Word("相符", "Matches"),
    ScanVerdict.OPENS: Word("打开病例", "Open case"),
    ScanVerdict.WRONG_CASE: Word("不是同一病例", "Another case"),
    ScanVerdict.WRONG_PARENT: Word("不是出自此蜡块", "Not from this block"),
    ScanVerdict.WRONG_KIND: Word("不是此处要扫的条码", "Not the kind of barcode needed here"),
    ScanVerdict.WRONG_STATE: Word("此状态不能操作", "Not possible in this state"),
    ScanVerdict.UNKNOWN: Word("查无此条码", "Unknown barcode"),
    ScanVerdict.UNREADABLE: Word("条码不可识别", "Unreadable barcode"),
}
GOOD_VERDICTS = frozenset({ScanVerdict.FITS, ScanVerdict.OPENS})


class TrailAction(StrEnum):
    """Events of a trail that are no action of a state machine."""

    SCANNED = "scanned"
    MOVED = "moved"
    REPORTED_MISSING = "reported_missing"
    FOUND = "found"
    RENUMBERED = "renumbered"
    FLAGGED = "flagged"
    UNFLAGGED = "unflagged"
    MISMATCH = "mismatch"


TRAIL_ACTIONS = {
    TrailAction.SCANNED: Word("扫描", "Scanned"),
    TrailAction.MOVED: Word("移动位置", "Moved"),
    TrailAction.REPORTED_MISSING: Word("报缺", "Reported missing"),
    TrailAction.FOUND: Word("已找到", "Found"),
    TrailAction.RENUMBERED: Word("更换病理号", "Renumbered"),
    TrailAction.FLAGGED: Word("加标记", "Flag set"),
    TrailAction.UNFLAGGED: Word("去标记", "Flag cleared"),
    TrailAction.MISMATCH: Word("核对不符", "Mismatch"),
}


_ALL: tuple[Mapping[Any, Word | StateMark], ...] = (
    LIBRARY_KINDS,
    DATE_PARTS,
    RESET_PERIODS,
    STATIONS,
    OBJECT_KINDS,
    TASK_SOURCES,
    CASE_STATES,
    CASE_ACTIONS,
    CASE_FLAGS,
    DOCTOR_ROLES,
    FETCH_BY,
    OPINION_KINDS,
    CHARGE_KINDS,
    MY_LISTS,
    SPECIMEN_STATES,
    TISSUE_STATES,
    SPECIMEN_ACTIONS,
    BLOCK_STATES,
    BLOCK_ACTIONS,
    SLIDE_STATES,
    SLIDE_ACTIONS,
    SLIDE_GRADES,
    ORDER_KINDS,
    ORDER_STATES,
    ORDER_ACTIONS,
    LOAN_STATES,
    LOAN_ACTIONS,
    SCAN_VERDICTS,
    TRAIL_ACTIONS,
)

ENGLISH: dict[str, str] = {word.zh: word.en for words in _ALL for word in words.values()}
"""Every Chinese label of this module → its English; a workstation's catalogue of texts takes it in."""

ACTIONS_OF: dict[ObjectKind, dict[str, Word]] = {
    ObjectKind.CASE: {
        **{action.value: word for action, word in CASE_ACTIONS.items()},
        **{f"order_{action.value}": word for action, word in ORDER_ACTIONS.items()},
    },
    ObjectKind.SPECIMEN: {action.value: word for action, word in SPECIMEN_ACTIONS.items()},
    ObjectKind.BLOCK: {action.value: word for action, word in BLOCK_ACTIONS.items()},
    ObjectKind.SLIDE: {action.value: word for action, word in SLIDE_ACTIONS.items()},
}
"""Words of the events of a trail, by kind of object and stored value; TRAIL_ACTIONS belong to every kind."""


def event_word(kind: ObjectKind, action: str) -> Word:
    """Return what an event of a trail is called; an unknown one is shown as it is stored."""
    known = ACTIONS_OF[kind].get(action)
    if known is not None:
        return known
    return TRAIL_ACTIONS[TrailAction(action)] if action in set(TrailAction) else Word(action, action)
