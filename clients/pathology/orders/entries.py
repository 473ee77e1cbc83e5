"""What the menu entries of orders do; screens are imported when they open."""

from __future__ import annotations

from collections.abc import Callable

from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from shared.contract.pathology_orders import TakenResults, TakeResults

_PLACING, _SHEET, _LIST = (980, 700), (1120, 860), (1080, 660)


def technical(desk: Desk) -> None:
    """技术医嘱 of the open case (PA-DX-14)."""
    _placing(desk, "技术医嘱", "technical")


def special(desk: Desk) -> None:
    """特检医嘱 of the open case (PA-DX-15, PA-SPT-01)."""
    _placing(desk, "特检医嘱", "special")


def _placing(desk: Desk, title: str, what: str) -> None:
    if desk.case is None:
        return
    from clients.pathology.orders.placing import PlacingWindow

    desk.show_window(title, PlacingWindow(desk, what), _PLACING)


def feedback(desk: Desk) -> None:
    """执行情况 at the side of the page (PA-DX-16)."""
    from clients.pathology.orders.feedback import FeedbackPanel

    desk.show_panel("执行情况", FeedbackPanel(desk), 560)


def take_results(desk: Desk, insert: Callable[[str], object] | None = None) -> None:
    """提取特检结果: the text goes to `insert`, else to the end of the findings of the open report (PA-SPT-03)."""
    case = desk.case
    if case is None:
        return
    if insert is None:
        from clients.pathology.diagnosis import windows

        presenter = windows.presenter_of(desk)
        if presenter is None:
            return
        insert = lambda text: presenter.take_template(text, "")  # noqa: E731
    put, case_id, place = insert, case.id, desk.place
    from clients.pathology.orders.room import spoken

    request = TakeResults(case_id=case_id, language=spoken())

    def taken(results: TakenResults) -> None:
        if desk.case is None or desk.case.id != case_id:
            place.messages.say(tr("病例已切换，特检结果没有写入，请重新提取。"), Tone.WARNING)
            return
        put(results.text)
        place.messages.say(tr("已提取 {count} 项特检结果，请核对后保存", count=len(results.orders)), Tone.SUCCESS)

    place.runner.run(lambda: place.connection.call(request), taken, place.messages.report, key="pathology.take_results")


def enter_results(desk: Desk) -> None:
    """录入特检结果 of the open case."""
    from clients.pathology.orders.result_entry import open_results

    if desk.case is not None:
        open_results(desk, desk.case.id)


def reagents(desk: Desk) -> None:
    """试剂批号 (EX-PA-06)."""
    from clients.pathology.orders.reagents import ReagentsWindow

    desk.show_window("试剂批号", ReagentsWindow(desk), (960, 560))


def work_sheet(desk: Desk) -> None:
    """医嘱工作单 (PA-PREP-02)."""
    from clients.pathology.orders.sheets import work_sheet_view

    desk.show_window("医嘱工作单", work_sheet_view(desk), _SHEET)


def routine_orders(desk: Desk) -> None:
    """常规申请: technical orders and their situation (PA-PREP-05)."""
    from clients.pathology.orders.situation import SituationWindow

    desk.show_window("常规申请", SituationWindow(desk, "technical"), _LIST)


def routine_billing(desk: Desk) -> None:
    """常规计费 (PA-PREP-06)."""
    _billing(desk, "常规计费", "technical")


def special_billing(desk: Desk) -> None:
    """特检计费 (PA-SPT-02)."""
    _billing(desk, "特检计费", "special")


def _billing(desk: Desk, title: str, what: str) -> None:
    from clients.pathology.orders.billing import BillingWindow

    desk.show_window(title, BillingWindow(desk, what), _LIST)
