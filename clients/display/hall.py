"""The line of the display: signs in by itself with an account whose password lies in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from clients.kit.connection import Connection
from clients.kit.translations import tr
from shared.contract.base import Request

R = TypeVar("R")


class PasswordFileWrong(Exception):
    """The password cannot be read; the argument is a finished sentence that says what to do."""


def read_password(path: Path) -> str:
    """The password in the first line of a file. Raises PasswordFileWrong."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise PasswordFileWrong(
            tr("找不到密码文件 {path}：请用 --password-file 指定大屏账号的密码文件。", path=path)
        ) from None
    password = lines[0].strip() if lines else ""
    if not password:
        raise PasswordFileWrong(tr("密码文件 {path} 是空的：请写入大屏账号的密码。", path=path))
    return password


class SignedInHall:
    """Implements the presenter's Hall over the kit's connection; reads the file anew for every log-in."""

    def __init__(self, connection: Connection, user: str, password_file: Path) -> None:
        self._connection = connection
        self._user = user
        self._password_file = password_file

    def sign_in(self) -> None:
        """Open a session (blocking)."""
        self._connection.login(self._user, read_password(self._password_file))

    def call(self, request: Request[R]) -> R:
        """Send and wait (blocking)."""
        return self._connection.call(request)
