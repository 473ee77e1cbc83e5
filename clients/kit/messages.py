"""What is said to the person at the screen, and the one place where errors become sentences; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from clients.kit.incidents import record_incident
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from shared.contract.errors import ErrorCode, RpcError, ServerBug


@dataclass(frozen=True)
class Message:
    """A finished sentence in the language of the moment, with its tone; `field` names the form field it belongs to."""

    text: str
    tone: Tone = Tone.INFO
    field: str = ""


class Messages(Protocol):
    """Where presenters say things; the shell shows them as toasts, tests collect them."""

    def say(self, text: str, tone: Tone = Tone.INFO) -> None:
        """Show one sentence (already translated) for some seconds."""
        ...

    def offer_undo(self, text: str, undo: Callable[[], None]) -> None:
        """Say what was done and offer to take it back for some seconds."""
        ...

    def report(self, error: Exception) -> None:
        """Say what went wrong and what to do."""
        ...


class CollectedMessages:
    """Messages for tests: keeps what was said."""

    def __init__(self) -> None:
        self.said: list[Message] = []
        self.undo_offers: list[tuple[str, Callable[[], None]]] = []
        self.errors: list[Exception] = []

    def say(self, text: str, tone: Tone = Tone.INFO) -> None:
        """Keep the sentence."""
        self.said.append(Message(text, tone))

    def offer_undo(self, text: str, undo: Callable[[], None]) -> None:
        """Keep the offer."""
        self.undo_offers.append((text, undo))

    def report(self, error: Exception) -> None:
        """Keep the error and the sentence made of it."""
        self.errors.append(error)
        self.said.append(message_for(error))


_SENTENCES: dict[ErrorCode, str] = {
    ErrorCode.NOT_SIGNED_IN: "登录已失效，请重新登录。",
    ErrorCode.SESSION_EXPIRED: "长时间未操作，登录已过期，请重新登录。",
    ErrorCode.WRONG_PASSWORD: "用户名或密码错误。",
    ErrorCode.ACCOUNT_LOCKED: "账号已锁定，请稍后再试或联系管理员。",
    ErrorCode.PERMISSION_MISSING: "您没有此项权限，请联系管理员开通。",
    ErrorCode.UNKNOWN_METHOD: "服务器版本过旧，不支持此操作，请联系管理员升级。",
    ErrorCode.MALFORMED: "服务器无法识别此请求，请升级工作站后重试。",
    ErrorCode.TOO_LARGE: "内容过大，请减少内容后重试。",
    ErrorCode.WRONG_VERSION: "工作站与服务器版本不一致，请升级工作站。",
    ErrorCode.INVALID: "填写有误，请按提示修改。",
    ErrorCode.NOT_FOUND: "记录不存在或已被移除，请刷新列表。",
    ErrorCode.CONFLICT: "该记录刚被他人修改，请刷新后再改。",
    ErrorCode.ILLEGAL_ACTION: "当前状态下不能进行此操作，请刷新查看最新状态。",
    ErrorCode.HELD_BY_OTHER: "该报告正由其他医生处理，请稍后再试或先解锁。",
    ErrorCode.SLOT_TAKEN: "该号源已被占用，请另选时间。",
    ErrorCode.DUPLICATE: "该患者已登记过同样的检查，请核对。",
    ErrorCode.NO_IMAGES: "影像尚未上传，请稍后再看。",
    ErrorCode.KEY_REUSED: "请求重复，请刷新后重试。",
    ErrorCode.BUSY: "服务器繁忙，请稍候重试。",
    ErrorCode.DISK_FULL: "服务器存储空间不足，请立即联系管理员。",
    ErrorCode.UNAVAILABLE: "服务暂不可用，请稍候重试。",
    ErrorCode.TIMEOUT: "服务器响应超时，请稍候重试。",
    ErrorCode.OFFLINE: "与服务器的连接已断开，恢复后会自动重试；已填写的内容不会丢失。",
}


_SAID_BY_THE_SERVER = frozenset(
    {
        ErrorCode.INVALID,
        ErrorCode.ILLEGAL_ACTION,
        ErrorCode.DUPLICATE,
        ErrorCode.NO_IMAGES,
        ErrorCode.UNAVAILABLE,
        ErrorCode.DISK_FULL,
    }
)
"""Codes whose sentence from the server says more than ours can: what exactly is wrong, and where."""


def incident_message(number: str) -> Message:
    """What a person is told of a defect of the workstation."""
    return Message(tr("工作站内部错误，请将编号 {number} 告知管理员。", number=number), Tone.DANGER)


def message_for(error: Exception) -> Message:
    """Turn any error into a sentence that says what to do.

    A defect of the server shows only its incident number; any other error is a defect of the workstation, which is
    logged here and gets a number of its own.
    """
    if isinstance(error, ServerBug):
        return Message(
            tr("服务器内部错误，请将编号 {number} 告知管理员。", number=error.body.incident or "–"), Tone.DANGER
        )
    if not isinstance(error, RpcError):
        return incident_message(record_incident(error))
    body = error.body
    if body.code is ErrorCode.HELD_BY_OTHER and body.holder:
        return Message(tr("该报告正由{holder}处理，请稍后再试或先解锁。", holder=body.holder), Tone.WARNING)
    if body.code is ErrorCode.ACCOUNT_LOCKED and body.retry_after_s >= 1:
        minutes = max(1, round(body.retry_after_s / 60))
        return Message(
            tr("密码多次输错，账号已锁定，请 {minutes} 分钟后再试或联系管理员。", minutes=minutes), Tone.DANGER
        )
    tone = Tone.WARNING if body.code in (ErrorCode.BUSY, ErrorCode.OFFLINE, ErrorCode.TIMEOUT) else Tone.DANGER
    if body.code in _SAID_BY_THE_SERVER and language() is Language.CHINESE and has_ideographs(body.message):
        return Message(body.message, tone, body.field)
    return Message(tr(_SENTENCES.get(body.code, "操作未成功，请重试。")), tone, body.field)


def has_ideographs(text: str) -> bool:
    """Whether a sentence is written in Chinese: the server writes its own so."""
    return any(0x4E00 <= ord(character) <= 0x9FFF for character in text)
