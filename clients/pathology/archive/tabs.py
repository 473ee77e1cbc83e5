"""Makers of the archive's tabs."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from clients.pathology.archive.keeping_page import KeepingPage
from clients.pathology.archive.lending_page import LendingPage
from clients.pathology.archive.loans_page import BrowsingPage, ReturningPage
from clients.pathology.desk import Desk
from shared.contract.pathology_keeping import KeptKind


def make_blocks(desk: Desk) -> QWidget:
    """蜡块归档."""
    return KeepingPage(desk, KeptKind.BLOCK)


def make_slides(desk: Desk) -> QWidget:
    """切片归档."""
    return KeepingPage(desk, KeptKind.SLIDE)


def make_papers(desk: Desk) -> QWidget:
    """资料归档."""
    return KeepingPage(desk, KeptKind.PAPER)


def make_lending(desk: Desk) -> QWidget:
    """借出管理."""
    return LendingPage(desk)


def make_returning(desk: Desk) -> QWidget:
    """归还管理."""
    return ReturningPage(desk)


def make_loans(desk: Desk) -> QWidget:
    """借阅信息浏览."""
    return BrowsingPage(desk)
