"""What every row of the master data has, whichever area keeps it."""

from __future__ import annotations

from sqlalchemy import String, true
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database.base import Versioned


class Kept(Versioned):
    """A row that administrators edit: its place in lists, whether it is in use, initials for quick entry."""

    version: Mapped[int] = mapped_column(default=1, server_default="1")
    position: Mapped[int] = mapped_column(default=0, server_default="0")
    is_active: Mapped[bool] = mapped_column(default=True, server_default=true())
    pinyin: Mapped[str] = mapped_column(String(50), default="", server_default="")
