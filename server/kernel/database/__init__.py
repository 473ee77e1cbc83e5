"""SQLite (WAL) or PostgreSQL behind one unit of work; the only place that knows which it is."""

from server.kernel.database.base import Base, UtcDateTime, Versioned, counters, next_number
from server.kernel.database.engine import Database
from server.kernel.database.unit import UnitOfWork

__all__ = ["Base", "Database", "UnitOfWork", "UtcDateTime", "Versioned", "counters", "next_number"]
