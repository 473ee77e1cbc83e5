"""The administrator's part of the story: what registration, calling and printing work with."""

from __future__ import annotations

from mingjing.demo.record import Record
from mingjing.demo.windows import Seat, Windows
from shared.contract.halls import HallSettings, ListHalls, NewsLine, SaveHall
from shared.rpc.client import RpcClient

_HALL = HallSettings(
    name="一楼影像大厅",
    name_en="Ground floor hall",
    news=(NewsLine(text="请携带就诊卡与既往影像资料。", text_en="Please bring your card and earlier images."),),
)


class Administration:
    """One step at the administrator's workstation."""

    def __init__(self, record: Record, windows: Windows, observer: RpcClient, seat: Seat) -> None:
        self._record = record
        self._windows = windows
        self._observer = observer
        self._seat = seat

    def play(self) -> None:
        """Exam items, the designer of labels, the hall's settings, the queue's rules, the journal of HL7 messages."""
        seat = self._seat
        with self._record.step(
            "管理：基础数据、标签设计、大厅、排队规则、接口",
            "Administration: master data, labels, halls, queue rules, interfaces",
        ) as step:
            items = seat.page("master").show_tab("master_exam_item")
            seat.until(lambda: bool(items.presenter.state.rows), "the exam items")
            items.presenter.select(items.presenter.state.rows[0].id)
            self._windows.rest(0.5)
            seat.shot(self._record.file(step, "master-data.png"))

            designer = seat.page("templates")
            seat.until(lambda: designer.presenter.design is not None, "the label in the designer")
            seat.shot(self._record.file(step, "label-designer.png"))

            halls = seat.page("halls")
            if not self._observer.call(ListHalls()):  # a kept hospital has it already
                self._observer.call(SaveHall(settings=_HALL))
            seat.until(lambda: bool(halls.presenter.state.rows), "the hall")
            halls.presenter.select(halls.presenter.state.rows[0].id)
            seat.shot(self._record.file(step, "hall.png"))

            seat.page("queues")
            self._windows.rest(0.5)
            seat.shot(self._record.file(step, "queue-rules.png"))

            messages = seat.page("interfaces").show_tab("interface_messages")
            seat.until(lambda: bool(messages.presenter.state.rows), "the HL7 messages")
            messages.presenter.select(messages.presenter.state.rows[0].id)
            self._windows.rest(0.5)
            seat.shot(self._record.file(step, "hl7-messages.png"))
