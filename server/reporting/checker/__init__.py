"""What a second reader would notice in a report before it is signed: pure functions over its texts."""

from __future__ import annotations

from server.reporting.checker.checking import check
from server.reporting.checker.subject import Alarm, AlarmKind, BadReport, Subject, subject_of

__all__ = ["Alarm", "AlarmKind", "BadReport", "Subject", "check", "subject_of"]
