"""Rows of the dictionary of terms. Built-in terms stand in the database too: a hospital may switch them off."""

from __future__ import annotations

from sqlalchemy import Index, String, true
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, Versioned


class EcgCategoryRow(Base):
    """A node of the tree. `campus_id` 0 and `owner_id` 0: everybody's."""

    __tablename__ = "ecg_term_categories"

    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int] = mapped_column(default=0)
    kind: Mapped[str] = mapped_column(String(16))
    scope: Mapped[str] = mapped_column(String(16))
    campus_id: Mapped[int] = mapped_column(default=0)
    owner_id: Mapped[int] = mapped_column(default=0)
    zh: Mapped[str] = mapped_column(String(100))
    en: Mapped[str] = mapped_column(String(200), default="")
    position: Mapped[int] = mapped_column(default=0)

    __table_args__ = (Index("ix_ecg_term_categories_scope", "scope", "campus_id", "owner_id"),)


class EcgTermRow(Versioned, Base):
    """A term."""

    __tablename__ = "ecg_terms"

    id: Mapped[int] = mapped_column(primary_key=True)
    category_id: Mapped[int] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(16))
    scope: Mapped[str] = mapped_column(String(16))
    campus_id: Mapped[int] = mapped_column(default=0)
    owner_id: Mapped[int] = mapped_column(default=0)
    zh: Mapped[str] = mapped_column(String(200))
    en: Mapped[str] = mapped_column(String(200), default="")
    pinyin: Mapped[str] = mapped_column(String(400), default="")
    initials: Mapped[str] = mapped_column(String(200), default="")
    code: Mapped[str] = mapped_column(String(32), default="")
    system: Mapped[str] = mapped_column(String(16), default="")
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True, server_default=true())

    __table_args__ = (Index("ix_ecg_terms_scope", "scope", "campus_id", "owner_id"),)
