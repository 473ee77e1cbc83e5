"""The exam type and items that a first start makes, so that orders of the hospital system name what we know."""

from __future__ import annotations

from server.organisation.defaults import DefaultItem, DefaultType

EXAM_TYPE = DefaultType("ECG", "心电图", "ECG", 10)
_I = DefaultItem
EXAM_ITEMS = (
    _I("ECG", "ECG001", "常规十二导联心电图", "12-lead ECG", "心脏", "HEART", 20, "cgsedlxdt"),
    _I("ECG", "ECG002", "十八导联心电图", "18-lead ECG", "心脏", "HEART", 35, "sbdlxdt"),
    _I("ECG", "ECG003", "节律心电图", "Rhythm ECG", "心脏", "HEART", 10, "jlxdt"),
    _I("ECG", "ECG004", "动态心电图", "Holter ECG", "心脏", "HEART", 180, "dtxdt"),
    _I("ECG", "ECG005", "运动平板心电图", "Stress ECG", "心脏", "HEART", 220, "ydpbxdt"),
)
