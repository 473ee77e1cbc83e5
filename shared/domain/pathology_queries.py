"""Names of pathology's queries: fields of a case, operators, and what lists show (PA-QRY-01, -02, -11).

The values travel on the wire; the words beside them are what screens, papers and workbooks show.
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
