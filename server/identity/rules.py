"""Rules of passwords and log-in attempts; pure."""

from __future__ import annotations

from datetime import datetime, timedelta

MINIMUM_PASSWORD_LENGTH = 8
FREE_FAILURES = 2  # typing errors cost nothing
LOCK_AFTER_FAILURES = 8
LOCK_TIME = timedelta(minutes=15)
SESSION_IDLE_LIMIT = timedelta(hours=10)  # a shift
SESSION_HARD_LIMIT = timedelta(hours=24)


def password_fault(password: str, login: str) -> str:
    """Return why `password` is not good enough as a sentence, or an empty string."""
    if len(password) < MINIMUM_PASSWORD_LENGTH:
        return f"密码至少需要 {MINIMUM_PASSWORD_LENGTH} 个字符。"
    if login and login.lower() in password.lower():
        return "密码不能包含登录名。"
    return ""


def wait_after(failures: int, last_failure: datetime) -> datetime:
    """Return the moment from which the next attempt is listened to.

    Two failures are free, then the delay doubles from one second; at LOCK_AFTER_FAILURES the account is locked.
    """
    if failures >= LOCK_AFTER_FAILURES:
        return last_failure + LOCK_TIME
    if failures <= FREE_FAILURES:
        return last_failure
    return last_failure + timedelta(seconds=2.0 ** (failures - FREE_FAILURES - 1))
