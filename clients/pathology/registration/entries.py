"""What the registration station's menu entries and links do."""

from __future__ import annotations

from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from shared.contract.pathology import FetchIntoCases


def register(desk: Desk) -> None:
    """登记病例 (PA-CASE-04)."""
    _quick(desk, quick=False)


def quick(desk: Desk) -> None:
    """快速登记: only the configured fields (PA-REG-15)."""
    _quick(desk, quick=True)


def appoint(desk: Desk) -> None:
    """预约病例: basic data of a future case, no number (PA-CASE-01)."""
    desk.new_case(appointment=True)


def appointments(desk: Desk) -> None:
    """预约登记表: every appointment, with 预约执行 (PA-CASE-02)."""
    from clients.pathology.registration.appointments import AppointmentsWindow

    desk.show_window("预约登记表", AppointmentsWindow(desk), (900, 560))


def execute_appointment(desk: Desk) -> None:
    """预约执行 of the tool bar: the open appointment is registered, else the list of appointments opens."""
    from clients.pathology.registration.appointments import execute, is_appointment

    if desk.case is not None and is_appointment(desk.case):
        execute(desk, (desk.case.id,), desk.reload)
    else:
        appointments(desk)


def print_barcode(desk: Desk) -> None:
    """打印病理条码 of the open case or of the row (PA-CASE-15)."""
    from clients.pathology.bench.asking import asker
    from clients.pathology.registration.specimen_actions import print_case_barcode

    target = desk.case or desk.selected
    if target is None:
        return
    if not target.number:
        desk.place.messages.say(tr("预约病例还没有病理号，执行预约后才能打印条码。"), Tone.WARNING)
        return
    print_case_barcode(desk, target.id, asker(desk))


def gaps(desk: Desk) -> None:
    """漏编号查找 (PA-NUM-05)."""
    from clients.pathology.registration.gaps import GapsPanel

    desk.show_panel("漏编号查找", GapsPanel(desk), 420)


def transfer(desk: Desk) -> None:
    """病例转存 into another library (PA-CASE-08)."""
    from clients.pathology.registration.moving import TransferPanel

    target = desk.case or desk.selected
    if target is not None:
        desk.leave(lambda: desk.show_panel("病例转存", TransferPanel(desk, target.id, target.number)))


def delete_case(desk: Desk) -> None:
    """删除记录: a random password is typed back, then asked once more (PA-DX-38)."""
    from clients.pathology.registration.moving import DeletionPanel

    if desk.selected is not None:
        row = desk.selected
        desk.show_panel("删除记录", DeletionPanel(desk, row.id, row.number, row.patient_name))


def charges(desk: Desk) -> None:
    """收费: item lines and their sum (PA-REG-06)."""
    from clients.pathology.registration.charges import ChargesWindow

    if desk.case is not None:
        desk.show_window("收费", ChargesWindow(desk, desk.case), (760, 520))


def billing(desk: Desk) -> None:
    """检查计费: the charge situation of the open case's patient (PA-CASE-14)."""
    from clients.pathology.registration.charges import ChargesWindow

    if desk.case is not None:
        desk.show_window("检查计费", ChargesWindow(desk, desk.case, editable=False), (760, 520))


def batch_fetch(desk: Desk) -> None:
    """批量 HIS 信息提取: the cases of the list's first page, each by its own numbers (PA-DX-40)."""
    from shared.contract.pathology import ListCases

    place = desk.place

    def work() -> tuple[int, int, str]:
        ids = tuple(row.id for row in place.connection.call(ListCases(filter=desk.filter, limit=200)).rows)
        if not ids:
            return 0, 0, ""
        report = place.connection.call(FetchIntoCases(case_ids=ids))
        skipped = [line for line in report.lines if not line.is_done]
        return report.done, len(skipped), f"{skipped[0].number}：{skipped[0].message}" if skipped else ""

    def said(result: tuple[int, int, str]) -> None:
        done, skipped, why = result
        words = tr("已提取 {done} 例，跳过 {skipped} 例。", done=done, skipped=skipped)
        place.messages.say(f"{words}{why}", Tone.WARNING if skipped else Tone.SUCCESS)
        desk.refresh_lists()

    place.runner.run(work, said, place.messages.report, key="pathology.batch_fetch")


def _quick(desk: Desk, *, quick: bool) -> None:
    desk.is_quick = quick
    desk.new_case()
