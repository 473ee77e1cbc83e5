"""Names of pathology's statistics: subjects, groupings, measures, pairs of diagnoses (PA-QRY, PA-PREP-04).

The values travel on the wire; the words beside them are what screens, papers and workbooks show.
"""

from __future__ import annotations

from enum import StrEnum

from shared.domain.pathology import Word


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
