"""Refusals that use cases raise; mapped to the wire once, in the router."""

from __future__ import annotations

from shared.contract.errors import ErrorBody, ErrorCode


class Refusal(Exception):
    """The use case says no: `body` holds code, sentence and what the code's family needs."""

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        *,
        field: str = "",
        state: str = "",
        holder: str = "",
        version: int = 0,
        existing_id: int = 0,
        retry_after_s: float = 0.0,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.body = ErrorBody(
            code=code,
            message=message,
            field=field,
            state=state,
            holder=holder,
            version=version,
            existing_id=existing_id,
            retry_after_s=retry_after_s,
        )


def not_found(what: str) -> Refusal:
    """Return the refusal for something that does not exist (any more)."""
    return Refusal(ErrorCode.NOT_FOUND, f"{what}不存在或已被删除，请刷新后再试。")


def invalid(field: str, message: str) -> Refusal:
    """Return the refusal for a wrong field; `message` says what to do."""
    return Refusal(ErrorCode.INVALID, message, field=field)


def stale(present_version: int) -> Refusal:
    """Return the refusal of a write that was made on an older version."""
    return Refusal(ErrorCode.CONFLICT, "内容已被他人修改，请查看最新内容后再提交。", version=present_version)


def illegal_action(state: str, message: str) -> Refusal:
    """Return the refusal of an action that the present state does not allow."""
    return Refusal(ErrorCode.ILLEGAL_ACTION, message, state=state)
