"""Names of pathology's queries and statistics: fields, operators, subjects, groupings, measures, quality indicators.

The values travel on the wire; the words beside them are what screens, papers and workbooks show. Requirements PA-QRY,
PA-PREP-04, EX-PA-14.
"""

from __future__ import annotations

from enum import StrEnum

from shared.domain.pathology import Word


class FieldKind(StrEnum):
    """What the values of a field are, which says what its conditions may ask."""

    TEXT = "text"
    CHOICE = "choice"
    DAY = "day"
    NUMBER = "number"


class Field(StrEnum):
    """What can be asked of a case, and shown of it in a list."""

    NUMBER = "number"
    LIBRARY = "library"
    STATE = "state"
    FLAG = "flag"
    NAME = "name"
    SEX = "sex"
    AGE = "age"
    APPLICATION = "application"
    PATIENT_ID = "patient_id"
    OUTPATIENT = "outpatient"
    INPATIENT = "inpatient"
    ID_NUMBER = "id_number"
    DEPARTMENT = "department"
    BED = "bed"
    UNIT = "unit"
    SENDER = "sender"
    SPECIMEN_TYPE = "specimen_type"
    SPECIMEN = "specimen"
    CLINICAL = "clinical"
    RECEIVED = "received"
    REGISTERED = "registered"
    REGISTRAR = "registrar"
    GROSS = "gross"
    FINDINGS = "findings"
    DIAGNOSIS = "diagnosis"
    COMMENT = "comment"
    FIRST_DOCTOR = "first_doctor"
    CHIEF_DOCTOR = "chief_doctor"
    SECOND_DOCTOR = "second_doctor"
    AUDITOR = "auditor"
    REPORTED = "reported"
    CODE = "code"
    BLOCKS = "blocks"
    SLIDES = "slides"
    GROSSER = "grosser"
    STAIN = "stain"
    GRADE = "grade"
    MARKER = "marker"
    ORDER = "order"
    DELAY = "delay"


FIELDS: dict[Field, tuple[Word, FieldKind]] = {
    Field.NUMBER: (Word("病理号", "Case number"), FieldKind.TEXT),
    Field.LIBRARY: (Word("病例库", "Library"), FieldKind.CHOICE),
    Field.STATE: (Word("病例状态", "Case state"), FieldKind.CHOICE),
    Field.FLAG: (Word("病例标记", "Case flag"), FieldKind.CHOICE),
    Field.NAME: (Word("姓名", "Name"), FieldKind.TEXT),
    Field.SEX: (Word("性别", "Sex"), FieldKind.CHOICE),
    Field.AGE: (Word("年龄（岁）", "Age (years)"), FieldKind.NUMBER),
    Field.APPLICATION: (Word("申请号", "Application number"), FieldKind.TEXT),
    Field.PATIENT_ID: (Word("病人ID", "Patient ID"), FieldKind.TEXT),
    Field.OUTPATIENT: (Word("门诊号", "Outpatient number"), FieldKind.TEXT),
    Field.INPATIENT: (Word("住院号", "Inpatient no."), FieldKind.TEXT),
    Field.ID_NUMBER: (Word("身份证号", "Identity no."), FieldKind.TEXT),
    Field.DEPARTMENT: (Word("送检科室", "Department"), FieldKind.TEXT),
    Field.BED: (Word("床号", "Bed"), FieldKind.TEXT),
    Field.UNIT: (Word("送检单位", "Sending unit"), FieldKind.TEXT),
    Field.SENDER: (Word("送检医生", "Sending doctor"), FieldKind.TEXT),
    Field.SPECIMEN_TYPE: (Word("标本类型", "Specimen type"), FieldKind.TEXT),
    Field.SPECIMEN: (Word("标本名称", "Specimen"), FieldKind.TEXT),
    Field.CLINICAL: (Word("临床诊断", "Clinical diagnosis"), FieldKind.TEXT),
    Field.RECEIVED: (Word("收到日期", "Received"), FieldKind.DAY),
    Field.REGISTERED: (Word("登记日期", "Registered"), FieldKind.DAY),
    Field.REGISTRAR: (Word("登记人", "Registered by"), FieldKind.TEXT),
    Field.GROSS: (Word("大体所见", "Gross description"), FieldKind.TEXT),
    Field.FINDINGS: (Word("光镜所见", "Microscopic findings"), FieldKind.TEXT),
    Field.DIAGNOSIS: (Word("病理诊断", "Pathology diagnosis"), FieldKind.TEXT),
    Field.COMMENT: (Word("诊断备注", "Comment"), FieldKind.TEXT),
    Field.FIRST_DOCTOR: (Word("初诊医师", "First-opinion doctor"), FieldKind.TEXT),
    Field.CHIEF_DOCTOR: (Word("主诊医师", "Chief doctor"), FieldKind.TEXT),
    Field.SECOND_DOCTOR: (Word("复诊医师", "Second-opinion doctor"), FieldKind.TEXT),
    Field.AUDITOR: (Word("审核医师", "Auditing pathologist"), FieldKind.TEXT),
    Field.REPORTED: (Word("报告日期", "Report date"), FieldKind.DAY),
    Field.CODE: (Word("诊断编码", "Diagnosis code"), FieldKind.TEXT),
    Field.BLOCKS: (Word("蜡块数", "Blocks"), FieldKind.NUMBER),
    Field.SLIDES: (Word("玻片数", "Slides"), FieldKind.NUMBER),
    Field.GROSSER: (Word("取材医师", "Grossing doctor"), FieldKind.TEXT),
    Field.STAIN: (Word("染色", "Stain"), FieldKind.TEXT),
    Field.GRADE: (Word("切片等级", "Slide grade"), FieldKind.CHOICE),
    Field.MARKER: (Word("标记物", "Marker"), FieldKind.TEXT),
    Field.ORDER: (Word("医嘱类型", "Order type"), FieldKind.CHOICE),
    Field.DELAY: (Word("延期原因", "Reason for delay"), FieldKind.TEXT),
}
LIST_FIELDS = (
    Field.NUMBER,
    Field.NAME,
    Field.SEX,
    Field.AGE,
    Field.DEPARTMENT,
    Field.UNIT,
    Field.SPECIMEN,
    Field.RECEIVED,
    Field.STATE,
    Field.DIAGNOSIS,
)
"""Columns of a list of cases at first."""
BOOK_FIELDS = (
    Field.NUMBER,
    Field.NAME,
    Field.SEX,
    Field.AGE,
    Field.DEPARTMENT,
    Field.BED,
    Field.INPATIENT,
    Field.SENDER,
    Field.SPECIMEN,
    Field.RECEIVED,
    Field.BLOCKS,
    Field.DIAGNOSIS,
    Field.AUDITOR,
    Field.REPORTED,
)
"""Columns of the register book (登记薄)."""


class Operator(StrEnum):
    """How a field is compared."""

    IS = "is"
    IS_NOT = "is_not"
    CONTAINS = "contains"
    LACKS = "lacks"
    BEGINS = "begins"
    ONE_OF = "one_of"
    FROM = "from"
    TO = "to"
    BETWEEN = "between"
    EMPTY = "empty"
    FILLED = "filled"


OPERATORS: dict[Operator, Word] = {
    Operator.IS: Word("等于", "is"),
    Operator.IS_NOT: Word("不等于", "is not"),
    Operator.CONTAINS: Word("包含", "contains"),
    Operator.LACKS: Word("不包含", "does not contain"),
    Operator.BEGINS: Word("开头是", "begins with"),
    Operator.ONE_OF: Word("属于", "is one of"),
    Operator.FROM: Word("不小于", "is at least"),
    Operator.TO: Word("不大于", "is at most"),
    Operator.BETWEEN: Word("介于", "is between"),
    Operator.EMPTY: Word("为空", "is empty"),
    Operator.FILLED: Word("不为空", "is not empty"),
}
OPERATORS_OF: dict[FieldKind, tuple[Operator, ...]] = {
    FieldKind.TEXT: (
        Operator.CONTAINS,
        Operator.LACKS,
        Operator.IS,
        Operator.IS_NOT,
        Operator.BEGINS,
        Operator.ONE_OF,
        Operator.EMPTY,
        Operator.FILLED,
    ),
    FieldKind.CHOICE: (Operator.IS, Operator.IS_NOT, Operator.ONE_OF),
    FieldKind.DAY: (
        Operator.BETWEEN,
        Operator.IS,
        Operator.FROM,
        Operator.TO,
        Operator.EMPTY,
        Operator.FILLED,
    ),
    FieldKind.NUMBER: (Operator.IS, Operator.FROM, Operator.TO, Operator.BETWEEN),
}
VALUES_OF: dict[Operator, tuple[int, int]] = {
    Operator.IS: (1, 1),
    Operator.IS_NOT: (1, 1),
    Operator.CONTAINS: (1, 1),
    Operator.LACKS: (1, 1),
    Operator.BEGINS: (1, 1),
    Operator.ONE_OF: (1, 50),
    Operator.FROM: (1, 1),
    Operator.TO: (1, 1),
    Operator.BETWEEN: (2, 2),
    Operator.EMPTY: (0, 0),
    Operator.FILLED: (0, 0),
}
"""How many values an operator takes: the least and the most."""


class Subject(StrEnum):
    """What is counted: one entry of the menu 查询统计 each, and 制片情况统计."""

    DISTRIBUTION = "distribution"
    SLIDE_QUALITY = "slide_quality"
    DEPARTMENT = "department"
    STAFF = "staff"
    AGREEMENT = "agreement"
    SOURCES = "sources"
    POSITIVE = "positive"
    CHARGES = "charges"
    PREPARATION = "preparation"


SUBJECTS: dict[Subject, Word] = {
    Subject.DISTRIBUTION: Word("疾病-年龄-性别分布统计", "Disease, age and sex distribution"),
    Subject.SLIDE_QUALITY: Word("切片分类评级统计", "Slide quality grading"),
    Subject.DEPARTMENT: Word("科室工作量统计", "Department workload"),
    Subject.STAFF: Word("人员工作量统计", "Staff workload"),
    Subject.AGREEMENT: Word("诊断符合率统计", "Diagnostic agreement"),
    Subject.SOURCES: Word("标本来源统计", "Specimen sources"),
    Subject.POSITIVE: Word("阳性率统计", "Positive rate"),
    Subject.CHARGES: Word("收费统计", "Charges statistics"),
    Subject.PREPARATION: Word("制片情况统计", "Preparation statistics"),
}


class GroupBy(StrEnum):
    """What a row stands for (统计模式)."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    LIBRARY = "library"
    DISEASE = "disease"
    AGE = "age"
    SEX = "sex"
    UNIT = "unit"
    DEPARTMENT = "department"
    SENDER = "sender"
    SPECIMEN_TYPE = "specimen_type"
    PERSON = "person"
    STAIN = "stain"
    SOURCE = "source"
    PAIR = "pair"
    CHARGE_KIND = "charge_kind"
    ITEM = "item"


GROUPINGS: dict[GroupBy, Word] = {
    GroupBy.DAY: Word("按日", "By day"),
    GroupBy.WEEK: Word("按周", "By week"),
    GroupBy.MONTH: Word("按月", "By month"),
    GroupBy.YEAR: Word("按年", "By year"),
    GroupBy.LIBRARY: Word("按病例库", "By library"),
    GroupBy.DISEASE: Word("按疾病", "By disease"),
    GroupBy.AGE: Word("按年龄段", "By age"),
    GroupBy.SEX: Word("按性别", "By sex"),
    GroupBy.UNIT: Word("按送检单位", "By sending unit"),
    GroupBy.DEPARTMENT: Word("按送检科室", "By sending department"),
    GroupBy.SENDER: Word("按送检医生", "By sending doctor"),
    GroupBy.SPECIMEN_TYPE: Word("按标本类型", "By specimen type"),
    GroupBy.PERSON: Word("按人员", "By person"),
    GroupBy.STAIN: Word("按染色", "By stain"),
    GroupBy.SOURCE: Word("按任务来源", "By task source"),
    GroupBy.PAIR: Word("按对照类别", "By comparison"),
    GroupBy.CHARGE_KIND: Word("按收费类别", "By kind of charge"),
    GroupBy.ITEM: Word("按收费项目", "By item"),
}
PERIODS = (GroupBy.DAY, GroupBy.WEEK, GroupBy.MONTH, GroupBy.YEAR)
_SENDERS = (GroupBy.UNIT, GroupBy.DEPARTMENT, GroupBy.SENDER)
_CALENDAR = (GroupBy.MONTH, GroupBy.DAY, GroupBy.WEEK, GroupBy.YEAR)
GROUPS_OF: dict[Subject, tuple[GroupBy, ...]] = {
    Subject.DISTRIBUTION: (GroupBy.DISEASE, GroupBy.AGE, GroupBy.SEX, GroupBy.LIBRARY, *_CALENDAR),
    Subject.SLIDE_QUALITY: (GroupBy.PERSON, GroupBy.STAIN, GroupBy.SOURCE, GroupBy.LIBRARY, *_CALENDAR),
    Subject.DEPARTMENT: (*_CALENDAR, GroupBy.LIBRARY, *_SENDERS),
    Subject.STAFF: (GroupBy.PERSON, *_CALENDAR),
    Subject.AGREEMENT: (GroupBy.PAIR, GroupBy.PERSON, *_CALENDAR),
    Subject.SOURCES: (*_SENDERS, GroupBy.SPECIMEN_TYPE, GroupBy.LIBRARY, *_CALENDAR),
    Subject.POSITIVE: (GroupBy.LIBRARY, GroupBy.PERSON, GroupBy.SPECIMEN_TYPE, *_SENDERS, *_CALENDAR),
    Subject.CHARGES: (GroupBy.CHARGE_KIND, GroupBy.ITEM, GroupBy.PERSON, GroupBy.LIBRARY, *_SENDERS, *_CALENDAR),
    Subject.PREPARATION: (GroupBy.SOURCE, GroupBy.LIBRARY, *_CALENDAR),
}
"""The groupings that a subject knows, its usual one first."""


class Unit(StrEnum):
    """What a figure is."""

    COUNT = "count"
    PERCENT = "percent"
    FEN = "fen"
    YEARS = "years"


class Measure(StrEnum):
    """One column of a table."""

    CASES = "cases"
    MALE = "male"
    FEMALE = "female"
    SEX_OTHER = "sex_other"
    AGE_0 = "age_0"
    AGE_15 = "age_15"
    AGE_30 = "age_30"
    AGE_45 = "age_45"
    AGE_60 = "age_60"
    AGE_75 = "age_75"
    AGE_UNKNOWN = "age_unknown"
    MEAN_AGE = "mean_age"
    SLIDES = "slides"
    GRADED = "graded"
    GRADE_A = "grade_a"
    GRADE_B = "grade_b"
    GRADE_C = "grade_c"
    GRADE_D = "grade_d"
    GOOD_PERCENT = "good_percent"
    SPECIMENS = "specimens"
    BLOCKS = "blocks"
    TECHNICAL = "technical"
    SPECIAL = "special"
    FROZEN = "frozen"
    REPORTS = "reports"
    REGISTERED = "registered"
    GROSSED = "grossed"
    EMBEDDED = "embedded"
    SECTIONED = "sectioned"
    MADE = "made"
    EXECUTED = "executed"
    FIRST = "first"
    CHIEF = "chief"
    SECOND = "second"
    AUDITED = "audited"
    COMPARED = "compared"
    AGREES = "agrees"
    PARTLY = "partly"
    DISAGREES = "disagrees"
    OPEN = "open"
    AGREE_PERCENT = "agree_percent"
    SHARE = "share"
    POSITIVE = "positive"
    NEGATIVE = "negative"
    POSITIVE_PERCENT = "positive_percent"
    QUANTITY = "quantity"
    AMOUNT = "amount"
    PAID = "paid"
    UNPAID = "unpaid"
    PIECES = "pieces"
    VERIFIED = "verified"
    RECUTS = "recuts"
    IMMUNO = "immuno"
    STAINS = "stains"
    MOLECULAR = "molecular"
    SMEARS = "smears"
    HANDED_OVER = "handed_over"


MEASURES: dict[Measure, tuple[Word, Unit]] = {
    Measure.CASES: (Word("例数", "Cases"), Unit.COUNT),
    Measure.MALE: (Word("男", "Male"), Unit.COUNT),
    Measure.FEMALE: (Word("女", "Female"), Unit.COUNT),
    Measure.SEX_OTHER: (Word("性别其他", "Other sex"), Unit.COUNT),
    Measure.AGE_0: (Word("0–14岁", "0–14 y"), Unit.COUNT),
    Measure.AGE_15: (Word("15–29岁", "15–29 y"), Unit.COUNT),
    Measure.AGE_30: (Word("30–44岁", "30–44 y"), Unit.COUNT),
    Measure.AGE_45: (Word("45–59岁", "45–59 y"), Unit.COUNT),
    Measure.AGE_60: (Word("60–74岁", "60–74 y"), Unit.COUNT),
    Measure.AGE_75: (Word("75岁以上", "75 y and over"), Unit.COUNT),
    Measure.AGE_UNKNOWN: (Word("年龄不详", "Age unknown"), Unit.COUNT),
    Measure.MEAN_AGE: (Word("平均年龄", "Mean age"), Unit.YEARS),
    Measure.SLIDES: (Word("玻片数", "Slides"), Unit.COUNT),
    Measure.GRADED: (Word("已评级", "Graded"), Unit.COUNT),
    Measure.GRADE_A: (Word("甲级", "Grade A"), Unit.COUNT),
    Measure.GRADE_B: (Word("乙级", "Grade B"), Unit.COUNT),
    Measure.GRADE_C: (Word("丙级", "Grade C"), Unit.COUNT),
    Measure.GRADE_D: (Word("丁级", "Grade D"), Unit.COUNT),
    Measure.GOOD_PERCENT: (Word("优良率", "Good (A and B)"), Unit.PERCENT),
    Measure.SPECIMENS: (Word("标本数", "Specimens"), Unit.COUNT),
    Measure.BLOCKS: (Word("蜡块数", "Blocks"), Unit.COUNT),
    Measure.TECHNICAL: (Word("技术医嘱", "Technical orders"), Unit.COUNT),
    Measure.SPECIAL: (Word("特检医嘱", "Special orders"), Unit.COUNT),
    Measure.FROZEN: (Word("冰冻报告数", "Frozen reports"), Unit.COUNT),
    Measure.REPORTS: (Word("审核报告数", "Audited reports"), Unit.COUNT),
    Measure.REGISTERED: (Word("登记数", "Registered"), Unit.COUNT),
    Measure.GROSSED: (Word("取材", "Grossed"), Unit.COUNT),
    Measure.EMBEDDED: (Word("包埋", "Embedded"), Unit.COUNT),
    Measure.SECTIONED: (Word("切片（蜡块）", "Sectioned blocks"), Unit.COUNT),
    Measure.MADE: (Word("制片（玻片）", "Slides made"), Unit.COUNT),
    Measure.EXECUTED: (Word("执行医嘱", "Orders executed"), Unit.COUNT),
    Measure.FIRST: (Word("初诊数", "First opinions"), Unit.COUNT),
    Measure.CHIEF: (Word("主诊数", "Chief opinions"), Unit.COUNT),
    Measure.SECOND: (Word("复诊数", "Second opinions"), Unit.COUNT),
    Measure.AUDITED: (Word("审核数", "Audits"), Unit.COUNT),
    Measure.COMPARED: (Word("对照例数", "Compared"), Unit.COUNT),
    Measure.AGREES: (Word("符合", "Agrees"), Unit.COUNT),
    Measure.PARTLY: (Word("部分符合", "Partly"), Unit.COUNT),
    Measure.DISAGREES: (Word("不符合", "Disagrees"), Unit.COUNT),
    Measure.OPEN: (Word("未判定", "Not judged"), Unit.COUNT),
    Measure.AGREE_PERCENT: (Word("诊断符合率", "Agreement"), Unit.PERCENT),
    Measure.SHARE: (Word("构成比", "Share"), Unit.PERCENT),
    Measure.POSITIVE: (Word("阳性", "Positive"), Unit.COUNT),
    Measure.NEGATIVE: (Word("阴性", "Negative"), Unit.COUNT),
    Measure.POSITIVE_PERCENT: (Word("阳性率", "Positive rate"), Unit.PERCENT),
    Measure.QUANTITY: (Word("项目数", "Items"), Unit.COUNT),
    Measure.AMOUNT: (Word("金额（元）", "Amount (yuan)"), Unit.FEN),
    Measure.PAID: (Word("已收（元）", "Paid (yuan)"), Unit.FEN),
    Measure.UNPAID: (Word("未收（元）", "Unpaid (yuan)"), Unit.FEN),
    Measure.PIECES: (Word("材块", "Pieces"), Unit.COUNT),
    Measure.VERIFIED: (Word("核对数", "Verified"), Unit.COUNT),
    Measure.RECUTS: (Word("重深薄连切", "Cut again"), Unit.COUNT),
    Measure.IMMUNO: (Word("免疫组化", "Immunohistochemistry"), Unit.COUNT),
    Measure.STAINS: (Word("特殊染色", "Special stain"), Unit.COUNT),
    Measure.MOLECULAR: (Word("分子与电镜", "Molecular, electron"), Unit.COUNT),
    Measure.SMEARS: (Word("细胞涂片", "Smear"), Unit.COUNT),
    Measure.HANDED_OVER: (Word("已移交", "Handed over"), Unit.COUNT),
}
_M = Measure
MEASURES_OF: dict[Subject, tuple[Measure, ...]] = {
    Subject.DISTRIBUTION: (
        *(_M.CASES, _M.MALE, _M.FEMALE, _M.SEX_OTHER, _M.AGE_0, _M.AGE_15, _M.AGE_30, _M.AGE_45, _M.AGE_60),
        *(_M.AGE_75, _M.AGE_UNKNOWN, _M.MEAN_AGE),
    ),
    Subject.SLIDE_QUALITY: (*(_M.SLIDES, _M.GRADED, _M.GRADE_A, _M.GRADE_B, _M.GRADE_C, _M.GRADE_D, _M.GOOD_PERCENT),),
    Subject.DEPARTMENT: (
        *(_M.CASES, _M.SPECIMENS, _M.BLOCKS, _M.SLIDES, _M.TECHNICAL, _M.SPECIAL, _M.FROZEN, _M.REPORTS),
    ),
    Subject.STAFF: (
        *(_M.REGISTERED, _M.GROSSED, _M.EMBEDDED, _M.SECTIONED, _M.MADE, _M.EXECUTED, _M.FIRST, _M.CHIEF),
        *(_M.SECOND, _M.FROZEN, _M.AUDITED),
    ),
    Subject.AGREEMENT: (_M.COMPARED, _M.AGREES, _M.PARTLY, _M.DISAGREES, _M.OPEN, _M.AGREE_PERCENT),
    Subject.SOURCES: (_M.CASES, _M.SHARE, _M.SPECIMENS, _M.BLOCKS, _M.SLIDES, _M.REPORTS),
    Subject.POSITIVE: (_M.REPORTS, _M.POSITIVE, _M.NEGATIVE, _M.POSITIVE_PERCENT),
    Subject.CHARGES: (_M.CASES, _M.QUANTITY, _M.AMOUNT, _M.PAID, _M.UNPAID),
    Subject.PREPARATION: (
        *(_M.BLOCKS, _M.PIECES, _M.VERIFIED, _M.EMBEDDED, _M.SECTIONED, _M.SLIDES, _M.RECUTS, _M.IMMUNO),
        *(_M.STAINS, _M.MOLECULAR, _M.SMEARS, _M.HANDED_OVER),
    ),
}
"""Columns of a subject's table, in their order."""
SHARES: dict[Measure, tuple[tuple[Measure, ...], tuple[Measure, ...]]] = {
    _M.GOOD_PERCENT: ((_M.GRADE_A, _M.GRADE_B), (_M.GRADED,)),
    _M.AGREE_PERCENT: ((_M.AGREES,), (_M.AGREES, _M.PARTLY, _M.DISAGREES)),
    _M.POSITIVE_PERCENT: ((_M.POSITIVE,), (_M.REPORTS,)),
}
"""Percentages: the sum of the first columns among that of the second. SHARE is a row's cases among all."""
AGE_BANDS: tuple[tuple[Measure, float, float], ...] = (
    (_M.AGE_0, 0, 15),
    (_M.AGE_15, 15, 30),
    (_M.AGE_30, 30, 45),
    (_M.AGE_45, 45, 60),
    (_M.AGE_60, 60, 75),
    (_M.AGE_75, 75, 1000),
)
"""Years from (included) to (not included)."""


class Pair(StrEnum):
    """Two diagnoses of one patient that are compared (PA-QRY-07)."""

    FROZEN = "frozen"
    CYTOLOGY = "cytology"
    FIRST = "first"


PAIRS: dict[Pair, Word] = {
    Pair.FROZEN: Word("冰冻与石蜡", "Frozen / permanent"),
    Pair.CYTOLOGY: Word("细胞学与组织学", "Cytology against histology"),
    Pair.FIRST: Word("初诊与最终诊断", "First against final opinion"),
}


class Indicator(StrEnum):
    """The 13 quality indicators of pathology of the National Health Commission (国卫办医函〔2015〕252号)."""

    DOCTORS = "doctors"
    TECHNICIANS = "technicians"
    FIXATION = "fixation"
    SECTIONS = "sections"
    IMMUNO = "immuno"
    FROZEN_TIME = "frozen_time"
    TISSUE_TIME = "tissue_time"
    CYTOLOGY_TIME = "cytology_time"
    MOLECULAR_INTERNAL = "molecular_internal"
    IMMUNO_EXTERNAL = "immuno_external"
    MOLECULAR_EXTERNAL = "molecular_external"
    CYTOLOGY_AGREEMENT = "cytology_agreement"
    FROZEN_AGREEMENT = "frozen_agreement"


INDICATORS: dict[Indicator, tuple[Word, Word, Word, Word]] = {
    Indicator.DOCTORS: (
        Word("每百张病床病理医师数", "Pathologists per 100 beds"),
        Word("病理医师数与同期医院实际开放床位数之比，按每百张病床计。", "Pathologists for each 100 open beds."),
        Word("病理医师数", "Pathologists"),
        Word("实际开放床位数", "Open beds"),
    ),
    Indicator.TECHNICIANS: (
        Word("每百张病床病理技术人员数", "Technicians per 100 beds"),
        Word("病理技术人员数与同期医院实际开放床位数之比，按每百张病床计。", "Technicians for each 100 open beds."),
        Word("病理技术人员数", "Technicians"),
        Word("实际开放床位数", "Open beds"),
    ),
    Indicator.FIXATION: (
        Word("标本规范化固定率", "Standard fixation"),
        Word(
            "规范化固定（离体后一小时内置入中性缓冲福尔马林）的标本数占同期标本总数的比例。",
            "Specimens put into neutral buffered formalin within an hour of removal, among all specimens.",
        ),
        Word("规范化固定的标本数", "Specimens fixed to standard"),
        Word("标本总数", "Specimens"),
    ),
    Indicator.SECTIONS: (
        Word("HE染色切片优良率", "HE sections of good quality"),
        Word(
            "HE染色优良（甲级、乙级）切片数占同期已评级HE染色切片总数的比例。",
            "HE slides graded A or B among those graded.",
        ),
        Word("HE染色优良切片数", "HE slides of good quality"),
        Word("已评级HE切片总数", "Graded HE slides"),
    ),
    Indicator.IMMUNO: (
        Word("免疫组化染色切片优良率", "Immunostains of good quality"),
        Word(
            "免疫组化染色优良切片数占同期已评级免疫组化切片总数的比例。",
            "Immunostains graded A or B among those graded.",
        ),
        Word("免疫组化优良切片数", "Immunostains of good quality"),
        Word("已评级免疫组化切片总数", "Graded immunostains"),
    ),
    Indicator.FROZEN_TIME: (
        Word("术中快速病理诊断及时率", "Frozen sections in time"),
        Word(
            "在规定时间内（单例30分钟；前一例未完成时45分钟）完成的术中快速病理诊断数占同期总数的比例。",
            "Frozen diagnoses given within 30 minutes (45 while an earlier one is open), among all.",
        ),
        Word("及时的术中快速诊断数", "Frozen diagnoses in time"),
        Word("术中快速诊断总数", "Frozen diagnoses"),
    ),
    Indicator.TISSUE_TIME: (
        Word("组织病理诊断及时率", "Tissue reports in time"),
        Word(
            "自收到标本起，小标本3个、其他标本5个工作日内完成的组织病理诊断数占同期总数的比例。",
            "Tissue reports audited within 3 (small biopsies) or 5 working days, among all.",
        ),
        Word("及时的组织病理诊断数", "Tissue reports in time"),
        Word("组织病理诊断总数", "Tissue reports"),
    ),
    Indicator.CYTOLOGY_TIME: (
        Word("细胞病理诊断及时率", "Cytology reports in time"),
        Word(
            "自收到标本起2个工作日内完成的细胞病理诊断数占同期总数的比例。",
            "Cytology audited within 2 working days, among all.",
        ),
        Word("及时的细胞病理诊断数", "Cytology reports in time"),
        Word("细胞病理诊断总数", "Cytology reports"),
    ),
    Indicator.MOLECULAR_INTERNAL: (
        Word("各项分子病理检测室内质控合格率", "Molecular: internal control"),
        Word(
            "室内质控合格的分子病理检测项目数占同期开展项目总数的比例。",
            "Molecular tests that passed internal control, among all.",
        ),
        Word("室内质控合格的项目数", "Tests that passed"),
        Word("分子病理检测项目总数", "Molecular tests"),
    ),
    Indicator.IMMUNO_EXTERNAL: (
        Word("免疫组化染色室间质评合格率", "Immunostains: external test"),
        Word(
            "室间质评合格的免疫组化项目数占同期参加项目总数的比例。",
            "Immunostains that passed external assessment, among all sent in.",
        ),
        Word("室间质评合格的项目数", "Tests that passed"),
        Word("参加室间质评的项目总数", "Tests assessed"),
    ),
    Indicator.MOLECULAR_EXTERNAL: (
        Word("各项分子病理室间质评合格率", "Molecular: external test"),
        Word(
            "室间质评合格的分子病理项目数占同期参加项目总数的比例。",
            "Molecular tests that passed external assessment, among all sent in.",
        ),
        Word("室间质评合格的项目数", "Tests that passed"),
        Word("参加室间质评的项目总数", "Tests assessed"),
    ),
    Indicator.CYTOLOGY_AGREEMENT: (
        Word("细胞学病理诊断质控符合率", "Cytology agreement"),
        Word(
            "细胞学诊断与抽查复核或后续组织学诊断符合的例数占同期质控总例数的比例。",
            "Cytology that agrees with review or histology, among what was compared.",
        ),
        Word("符合的例数", "Cases that agree"),
        Word("质控总例数", "Cases compared"),
    ),
    Indicator.FROZEN_AGREEMENT: (
        Word("术中快速诊断与石蜡诊断符合率", "Frozen against paraffin agreement"),
        Word(
            "术中快速诊断与石蜡诊断符合的例数占同期术中快速诊断总例数的比例。",
            "Frozen diagnoses that agree with the paraffin diagnosis, among those compared.",
        ),
        Word("符合的例数", "Cases that agree"),
        Word("已对照的例数", "Cases compared"),
    ),
}
"""Name, definition, numerator and denominator of each indicator."""
ENTERED = frozenset(
    {
        Indicator.DOCTORS,
        Indicator.TECHNICIANS,
        Indicator.MOLECULAR_INTERNAL,
        Indicator.IMMUNO_EXTERNAL,
        Indicator.MOLECULAR_EXTERNAL,
    }
)
"""Indicators whose figures a person enters month by month; the others follow from the records."""
