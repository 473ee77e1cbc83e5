"""Which pages stand under 基础数据 and under 人员; a further area adds its own table or page to these lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clients.administration.master.pages import (
    BODY_PARTS,
    CAMPUSES,
    DEPARTMENTS,
    DEVICES,
    EXAM_ITEMS,
    EXAM_TYPES,
    PATIENT_TYPES,
    ROOMS,
    WORDS,
)
from clients.administration.master.staff import ROLES, STAFF
from clients.administration.signatures import SIGNATURES
from clients.administration.table.spec import TableSpec
from clients.kit.shell import Workplace

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

HOSPITAL_TABLES: tuple[tuple[str, TableSpec], ...] = (
    ("院区", CAMPUSES),
    ("科室", DEPARTMENTS),
    ("检查室", ROOMS),
    ("设备", DEVICES),
    ("检查类型", EXAM_TYPES),
    ("检查部位", BODY_PARTS),
    ("检查项目", EXAM_ITEMS),
    ("患者类型", PATIENT_TYPES),
    ("常用词", WORDS),
)
PEOPLE_TABLES: tuple[tuple[str, TableSpec], ...] = (("人员", STAFF), ("角色", ROLES))


def hospital_page(place: Workplace) -> QWidget:
    """基础数据。"""
    from clients.administration.master.exchange.view import ExchangePage
    from clients.administration.tabs import PageSpec, TabbedPage

    return TabbedPage(place, (*HOSPITAL_TABLES, ("导入导出", PageSpec("master_exchange", ExchangePage))))


def people_page(place: Workplace) -> QWidget:
    """人员。"""
    from clients.administration.tabs import TabbedPage

    return TabbedPage(place, (*PEOPLE_TABLES, ("签名", SIGNATURES)))
