"""The line of the kiosk: signs in by itself with an account whose password lies in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from clients.kit.connection import Connection
from clients.kit.translations import tr
from shared.contract.base import Request

R = TypeVar("R")


class SecretFileWrong(Exception):
    """A password or code cannot be read; the argument is a finished sentence that says what to do."""


def read_secret(path: Path) -> str:
    """The first line of a file. Raises SecretFileWrong."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise SecretFileWrong(tr("读不到文件 {path}：请检查路径和权限。", path=path)) from None
    secret = lines[0].strip() if lines else ""
    if not secret:
        raise SecretFileWrong(tr("文件 {path} 是空的：请在第一行写入内容。", path=path))
    return secret


class SignedInKiosk:
    """Implements the presenter's Server over the kit's connection; reads the file anew for every log-in."""

    def __init__(self, connection: Connection, user: str, password_file: Path) -> None:
        self._connection = connection
        self._user = user
        self._password_file = password_file

    def sign_in(self) -> None:
        """Open a session (blocking)."""
        self._connection.login(self._user, read_secret(self._password_file))

    def call(self, request: Request[R]) -> R:
        """Send and wait (blocking)."""
        return self._connection.call(request)
