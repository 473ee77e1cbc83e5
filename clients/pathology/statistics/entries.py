"""What the entries of 查询统计, 制片情况统计 and 登记薄打印 open: each a window of its own over the workstation."""

from __future__ import annotations

from clients.pathology.desk import Desk
from shared.domain.pathology_statistics import SUBJECTS, Subject

_SIZE = (1240, 740)


def general_query(desk: Desk) -> None:
    """一般查询 (PA-QRY-01)."""
    from clients.pathology.statistics.query_page import QueryPage

    desk.show_window("一般查询", QueryPage(desk, advanced=False), _SIZE)


def advanced_query(desk: Desk) -> None:
    """高级查询 (PA-QRY-02)."""
    from clients.pathology.statistics.query_page import QueryPage

    desk.show_window("高级查询", QueryPage(desk), _SIZE)


def distribution(desk: Desk) -> None:
    """疾病-年龄-性别分布统计 (PA-QRY-03)."""
    _table(desk, Subject.DISTRIBUTION)


def slide_grades(desk: Desk) -> None:
    """切片分类评级统计 (PA-QRY-04)."""
    _table(desk, Subject.SLIDE_QUALITY)


def departments(desk: Desk) -> None:
    """科室工作量统计 (PA-QRY-05)."""
    _table(desk, Subject.DEPARTMENT)


def staff(desk: Desk) -> None:
    """人员工作量统计 (PA-QRY-06)."""
    _table(desk, Subject.STAFF)


def agreement(desk: Desk) -> None:
    """诊断符合率统计 (PA-QRY-07)."""
    _table(desk, Subject.AGREEMENT)


def pairs(desk: Desk) -> None:
    """逐例对照: the pairs behind the agreement rate."""
    from clients.pathology.statistics.pairs_page import PairsPage

    desk.show_window("逐例对照", PairsPage(desk), _SIZE)


def sources(desk: Desk) -> None:
    """标本来源统计 (PA-QRY-08)."""
    _table(desk, Subject.SOURCES)


def positive_rate(desk: Desk) -> None:
    """阳性率统计 (PA-QRY-09)."""
    _table(desk, Subject.POSITIVE)


def charges(desk: Desk) -> None:
    """收费统计 (PA-QRY-10)."""
    _table(desk, Subject.CHARGES)


def register_book(desk: Desk) -> None:
    """登记薄打印 (PA-QRY-11)."""
    from clients.pathology.statistics.book_page import BookPage

    desk.show_window("登记薄打印", BookPage(desk), _SIZE)


def tumours(desk: Desk) -> None:
    """肿瘤登记导出 (EX-PA-07)."""
    from clients.pathology.statistics.register_panel import RegisterPanel

    desk.show_panel("肿瘤登记导出", RegisterPanel(desk), 360)


def quality(desk: Desk) -> None:
    """质控指标 (EX-PA-14)."""
    from clients.pathology.statistics.quality_page import QualityPage

    desk.show_window("质控指标", QualityPage(desk), _SIZE)


def preparation(desk: Desk) -> None:
    """制片情况统计 (PA-PREP-04)."""
    _table(desk, Subject.PREPARATION)


def export_case(desk: Desk) -> None:
    """导出病例 (PA-CASE-10): the open case into a folder that the user chooses."""
    from clients.pathology.statistics.exchange import choose_export

    choose_export(desk)


def import_case(desk: Desk) -> None:
    """导入病例 (PA-CASE-09): from a folder that the user chooses."""
    from clients.pathology.statistics.exchange import choose_import

    choose_import(desk)


def _table(desk: Desk, subject: Subject) -> None:
    from clients.pathology.statistics.table_page import TablePage

    desk.show_window(SUBJECTS[subject].zh, TablePage(desk, subject), _SIZE)
