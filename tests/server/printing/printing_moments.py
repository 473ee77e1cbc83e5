"""The moment at which the tests' documents are made."""

from __future__ import annotations

import datetime as dt

NOW = dt.datetime(2026, 11, 21, 9, 30)
