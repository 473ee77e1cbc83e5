"""HIS登记: requests of the hospital and the health-check system, found and registered (ECG-HIS)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from clients.ecg.desk import Desk
from clients.ecg.lists.page import ListPage, ListSpec
from clients.ecg.lists.query import FIRST, LAST, STATES, day, text
from clients.ecg.looks import REQUEST_LOOKS, URGENCY_LOOKS, choices, sex_word, word
from clients.ecg.pages import HEALTH_CHECK, HIS, IN_HOSPITAL
from clients.kit.ages import age_for_reader
from clients.kit.fields import ChoiceField, TextField
from clients.kit.paging import Column, EmptyWords, RowAction
from clients.kit.states import StateLook
from shared.contract.base import Page
from shared.contract.ecg import RequestRow, SearchRequests
from shared.domain.ecg import VISIT_WORDS, RequestState, Urgency
from shared.domain.states import VisitKind

if TYPE_CHECKING:
    from clients.kit.shell import Workplace


def make_request(conditions: Mapping[str, Any], page: Page) -> SearchRequests:
    """查询 of the conditions that are filled (ECG-HIS-02)."""
    kind = conditions.get("visit_kind")
    return SearchRequests(
        visit_kinds=(kind,) if kind else (),
        request_number=text(conditions, "request_number"),
        patient_name=text(conditions, "patient_name"),
        patient_number=text(conditions, "patient_number"),
        id_number=text(conditions, "id_number"),
        health_check_number=text(conditions, "health_check_number"),
        received_from=day(conditions, FIRST),
        received_to=day(conditions, LAST),
        states=tuple(RequestState(state) for state in conditions.get(STATES) or ()),
        page=page,
    )


def _marks(row: RequestRow) -> list[StateLook]:
    return [URGENCY_LOOKS[row.entry.urgency]] if row.entry.urgency is not Urgency.ROUTINE else []


def _of(key: str) -> Any:
    return lambda row: getattr(row.entry, key)


COLUMNS = (
    Column("state", "状态", 96, looks=REQUEST_LOOKS, sort=False),
    Column("patient_name", "病人姓名", 130, value=_of("patient_name"), strong=True, marks=_marks, sort=False),
    Column("sex", "性别", 64, value=_of("sex"), format=sex_word, sort=False, firm=True),
    Column("age", "年龄", 56, value=_of("age"), format=age_for_reader, sort=False),
    Column(
        "visit_kind",
        "就诊类型",
        92,
        value=_of("visit_kind"),
        format=lambda kind: word(VISIT_WORDS, kind),
        sort=False,
        firm=True,
    ),
    Column("request_number", "申请单号", 120, value=_of("request_number"), sort=False),
    Column("patient_number", "病人编号", 104, value=_of("patient_number"), sort=False),
    Column("health_check_number", "体检号", 104, value=_of("health_check_number"), sort=False),
    Column("id_number", "身份证号", 150, value=_of("id_number"), sort=False, visible=False),
    Column("department", "申请科室", 96, value=_of("department"), sort=False),
    Column("doctor", "申请医生", 72, value=_of("doctor"), sort=False, visible=False),
    Column("exam_item", "检查项目", 0, value=_of("exam_item"), sort=False),
    Column("clinical_diagnosis", "临床诊断", 120, value=_of("clinical_diagnosis"), sort=False, visible=False),
    Column("received_at", "申请时间", 128, sort=False, quiet=True),
)
ACTIONS = (
    RowAction("register", "登记", "clipboard", allowed=lambda row: row.can_register),
    RowAction("show", "查看检查", "list", allowed=lambda row: row.exam_id is not None),
)


class HisPage(ListPage):
    """The page; a request that was registered before shows its exam instead (ECG-REG-04)."""

    def __init__(self, desk: Desk, place: Workplace) -> None:
        super().__init__(
            desk,
            place,
            ListSpec(
                page=HIS,
                make=make_request,
                fields=(
                    ChoiceField(key="visit_kind", label="就诊类型", choices=choices(VISIT_WORDS, everything=True)),
                    TextField(key="request_number", label="申请单号"),
                    TextField(key="patient_name", label="病人姓名", placeholder="姓名或首字母"),
                    TextField(key="patient_number", label="病人编号"),
                    TextField(key="id_number", label="身份证号"),
                    TextField(key="health_check_number", label="体检号"),
                ),
                columns=COLUMNS,
                actions=ACTIONS,
                shown_actions=2,
                states=REQUEST_LOOKS,
                empty=EmptyWords(
                    "没有申请单", "HIS系统和体检系统的心电申请单会出现在这里；可选择更长的日期范围。", "clipboard"
                ),
                header=(("register", "primary"), ("show", "")),
                scan_into="request_number",
                days=("申请日期 从", "申请日期 到"),
            ),
        )
        self.listen_to(desk.exam_changed)
        self._forget.append(desk.changed.listen(self._something))

    def _something(self, what: tuple[str, int]) -> None:
        if what[0] == "application":
            self._soon.poke()

    def activate(self, row: RequestRow) -> None:
        """Double-click or Enter: register, or show the exam there is."""
        self.act("register" if row.can_register else "show", row)

    def act(self, action: str, row: RequestRow) -> None:
        """登记, or show the exam that the request was registered as."""
        if action == "register":
            from clients.ecg.registration.dialog import RegistrationDialog

            RegistrationDialog(self._desk, self, row).open()
        elif action == "show" and row.exam_id is not None:
            is_check = row.entry.visit_kind is VisitKind.HEALTH_CHECK
            page = self._desk.open_page(HEALTH_CHECK if is_check else IN_HOSPITAL)
            if page is not None:
                conditions = (
                    {"health_check_number": row.entry.health_check_number}
                    if is_check and row.entry.health_check_number
                    else {"patient_name": row.entry.patient_name}
                    if is_check or not row.entry.request_number
                    else {"request_number": row.entry.request_number}
                )
                page.presenter.narrow(**conditions, first=None, last=None, quick=None)
