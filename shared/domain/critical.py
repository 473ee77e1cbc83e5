"""Words of critical values (危急值): states, steps, ways of telling, levels of escalation."""

from __future__ import annotations

from enum import StrEnum


class LoopState(StrEnum):
    """Where the loop of one critical value stands."""

    OPEN = "open"  # 待通知
    NOTIFIED = "notified"  # 已通知，待确认
    ACKNOWLEDGED = "acknowledged"  # 已确认
    CANCELLED = "cancelled"  # 已撤销


class LoopAction(StrEnum):
    """What may be done to a loop."""

    NOTIFY = "notify"  # 记录通知
    ACKNOWLEDGE = "acknowledge"  # 确认, by the ward itself
    RECORD = "record"  # 电话确认, written down by the radiologist
    CORRECT = "correct"  # 更正
    CANCEL = "cancel"  # 撤销


class Means(StrEnum):
    """How somebody was told, or answered."""

    PHONE = "phone"  # 电话
    MESSAGE = "message"  # 短信或消息
    WARD_SCREEN = "ward_screen"  # 病区屏幕
    IN_PERSON = "in_person"  # 当面


class Escalation(StrEnum):
    """Whom an unanswered critical value calls, in this order."""

    DOCTOR = "doctor"  # 请检医生
    WARD = "ward"  # 病区值班
    HEAD = "head"  # 科主任
    OFFICE = "office"  # 医务处


ESCALATIONS = tuple(Escalation)


class CriticalLevel(StrEnum):
    """How urgent an entry of the library is."""

    ONE = "one"  # 一级: life in danger now
    TWO = "two"  # 二级: soon in danger


class CriticalRegion(StrEnum):
    """Part of the body by which the library is ordered."""

    HEAD = "head"  # 头颅
    NECK = "neck"  # 头颈
    CHEST = "chest"  # 胸部
    HEART = "heart"  # 心脏大血管
    ABDOMEN = "abdomen"  # 腹部
    PELVIS = "pelvis"  # 盆腔与妇产
    SPINE = "spine"  # 脊柱
    LIMBS = "limbs"  # 四肢与外周血管
    ANY = "any"  # 全身与检查中


class Weekday(StrEnum):
    """Days of the week, Monday first."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"
