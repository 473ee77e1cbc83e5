"""Refusals and faults of messages as acknowledgements say them, from one table. HL7 table 0357."""

from __future__ import annotations

from server.kernel.errors import Refusal
from shared.contract.errors import ErrorCode
from shared.hl7.acknowledgement import Fault
from shared.hl7.message import MessageError

CODES = {
    ErrorCode.INVALID: ("102", "a value is not acceptable"),
    ErrorCode.NOT_FOUND: ("204", "there is no such order"),
    ErrorCode.DUPLICATE: ("205", "the order is registered already and cannot be changed"),
    ErrorCode.ILLEGAL_ACTION: ("206", "the order is registered already and cannot be taken back"),
    ErrorCode.CONFLICT: ("206", "the record was changed at the same time; send the message again"),
}
"""Error code → condition and sentence; what is not here is 207."""
_CHINESE = {
    "100": "消息的段不完整或顺序不对",
    "101": "缺少必填字段",
    "102": "字段内容不对",
    "103": "代码不在值表中",
    "200": "不支持的消息类型",
    "201": "不支持的事件",
    "202": "测试或培训消息，不按正式消息处理",
    "203": "不支持的 HL7 版本",
    "204": "找不到对应的记录或代码",
    "205": "重复的记录",
    "206": "记录不能再修改",
    "207": "无法处理",
}


def of_refusal(refusal: Refusal) -> Fault:
    """Return a refused use case as a fault; its own sentence is for people."""
    body = refusal.body
    code, words = CODES.get(body.code, ("207", "the message could not be obeyed now; send it again"))
    about = f"{words} ({body.field})" if body.field else words
    return Fault(code, about, None, body.message)


def of_message(error: MessageError) -> Fault:
    """Return a wrong message as a fault."""
    return Fault(error.code, str(error), error.place, in_chinese(error.code, error.place, str(error)))


def in_chinese(code: str, place: tuple[str, int, int] | None, sentence: str) -> str:
    """Return what the journal shows: the condition, the place, and the sentence of whoever found it."""
    where = "" if place is None else f"（{place[0]}-{place[2]}）" if place[2] else f"（{place[0]}）"
    return f"{_CHINESE.get(code, _CHINESE['207'])}{where}：{sentence}"
