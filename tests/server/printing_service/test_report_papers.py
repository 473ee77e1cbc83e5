"""Templates of reports, their choice, copies and limits, many as one job, self-service: on a real database."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec
import pytest

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import SYSTEM, Caller
from server.kernel.errors import Refusal
from server.printing.ports import PatientAtKiosk
from server.printing.report_templates import chosen
from server.printing.tables import SelfPrintTry
from shared.contract.errors import ErrorCode
from shared.contract.report_paper import (
    BatchItemState,
    BatchView,
    CopyOutcome,
    ListHandouts,
    ReportTemplateView,
    SaveReportTemplate,
    SelfPrintOutcome,
)
from shared.domain.permissions import ROLES, Permission
from shared.domain.states import ReportState
from shared.paper.builtin import builtin_text
from shared.paper.kinds import DocumentKind
from tests.databases import KINDS, a_database
from tests.server.printing_service.test_printing_service import House
from tests.server.reporting.reporting_world import LI, WANG, ZHAO, a_png, an_exam

ADMIN = Caller(user_id=1, login="admin", name="管理员", permissions=frozenset(Permission))
KIOSK = Caller(user_id=9, login="kiosk1", name="自助机", permissions=ROLES["kiosk"], station="大厅1")


class AtKiosk:
    """Patients whose exams the test names by their numbers."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.secrets: tuple[str, ...] = ("11010119810501123X", "13800004321")

    def of_code(self, uow: UnitOfWork, code: str) -> PatientAtKiosk | None:
        exams = self._house.world.exams.exams
        if code not in {exam.row.accession_number for exam in exams.values()}:
            return None
        reports = self._house.world.reports
        return PatientAtKiosk(self.secrets, tuple((e.row, reports.report_of(uow, e.row.id)) for e in exams.values()))


@pytest.fixture
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    with a_database(getattr(request, "param", "sqlite"), tmp_path) as database:
        one = House(database)
        one.printing.reports.bind(one.world.worklist, AtKiosk(one))
        yield one


on_both = pytest.mark.parametrize("house", KINDS, indirect=True)


def save(house: House, **fields: object) -> ReportTemplateView:
    with house.world.database.write() as uow:
        return house.printing.reports.paper.templates.save(uow, ADMIN, SaveReportTemplate(**fields))  # type: ignore[arg-type]


def templates(house: House) -> tuple[ReportTemplateView, ...]:
    with house.world.database.read() as uow:
        return house.printing.reports.paper.templates.every(uow)


def refused(call: object, *args: object, **options: object) -> tuple[ErrorCode, str]:
    with pytest.raises(Refusal) as fault:
        call(*args, **options)  # type: ignore[operator]
    return fault.value.body.code, fault.value.body.message


# ── templates ────────────────────────────────────────────────────────────────────────────────────────


def a_template(number: int, **changes: object) -> ReportTemplateView:
    one = ReportTemplateView(
        id=number, version=1, key=f"report:{number}", name=str(number), is_default=False, position=5
    )
    return msgspec.structs.replace(one, **changes)


def test_the_more_important_condition_chooses_the_template() -> None:
    default = a_template(1, is_default=True, exam_types=("MR",))
    general = a_template(2)
    of_patient = a_template(3, patient_types=("vip",))
    of_campus = a_template(4, campus_ids=(2,))
    of_type = a_template(5, exam_types=("CT",))
    of_type_first = a_template(6, exam_types=("CT", "DR"), position=4)
    of_both = a_template(7, exam_types=("CT",), patient_types=("vip",), position=9)
    every = (default, general, of_patient, of_campus, of_type, of_type_first, of_both)
    assert chosen(every, "US", 1, "ordinary") is general
    assert chosen(every, "US", 1, "vip") is of_patient
    assert chosen(every, "US", 2, "vip") is of_campus
    assert chosen(every, "CT", 2, "ordinary") is of_type_first
    assert chosen(every, "CT", 2, "vip") is of_both
    assert chosen((default, of_type), "US", 1, "x") is default  # whatever its conditions


@on_both
def test_a_house_begins_with_the_suites_template_and_keeps_one_default(house: House) -> None:
    (first,) = templates(house)
    assert (first.id, first.key, first.is_default) == (0, "report", True)
    second = save(house, name="体检报告", patient_types=("physical",), validity_days=90, most_copies=3)
    assert [one.name for one in templates(house)] == ["默认报告", "体检报告"]
    assert second.key == f"report:{second.id}"
    default = templates(house)[0]
    assert refused(save, house, id=default.id, version=default.version, name="默认报告")[1] == (
        "请先把另一个模板设为默认；总要有一个默认模板。"
    )
    with house.world.database.write() as uow:
        papers = house.printing.reports.paper.templates
        assert refused(papers.delete, uow, default.id) == (
            ErrorCode.ILLEGAL_ACTION, "默认模板不能删除，请先把其他模板设为默认。"
        )  # fmt: skip
    assert refused(save, house, name="体检报告")[0] is ErrorCode.DUPLICATE
    assert refused(save, house, name=" ")[0] is ErrorCode.INVALID
    assert refused(save, house, name="x", validity_days=-1)[0] is ErrorCode.INVALID
    assert refused(save, house, name="x", most_copies=100)[0] is ErrorCode.INVALID
    changed = save(house, id=second.id, version=second.version, name="体检报告", is_default=True)
    assert [one.is_default for one in templates(house)] == [False, True]
    assert refused(save, house, id=second.id, version=second.version, name="旧")[0] is ErrorCode.CONFLICT
    with house.world.database.write() as uow:
        house.printing.reports.paper.templates.delete(uow, templates(house)[0].id)
    assert [one.id for one in templates(house)] == [changed.id]


def test_every_template_has_a_design_of_its_own(house: House) -> None:
    second = save(house, name="体检报告", exam_types=("CT",), copy_of="report")
    text = builtin_text(DocumentKind.REPORT).replace('"zh": "影像诊断报告"', '"zh": "健康体检影像报告"')
    with house.world.database.write() as uow:
        house.printing.templates.save(uow, ADMIN, second.key, text, second.design_version, "")
    report_id = house.world.report_in(ReportState.SUBMITTED)
    assert "健康体检影像报告" in house.text_of(house.printing.preview_report(LI, report_id))
    first = templates(house)[0]
    assert "健康体检" not in house.text_of(house.printing.preview_report(LI, report_id, template_id=first.id))
    with house.world.database.read() as uow:
        assert refused(house.printing.templates.view, uow, "report:x", None)[0] is ErrorCode.INVALID


def test_a_design_without_watermark_still_marks_what_is_not_approved(house: House) -> None:
    bare = '{"format": 1, "kind": "report", "page": {"width_mm": 210, "height_mm": 297}, "elements": []}'
    hidden = bare.replace("[]", '[{"type": "watermark", "x_mm": 0, "y_mm": 0, "text": "{watermark}", "when": "hp"}]')
    for version, text in enumerate((bare, hidden)):
        with house.world.database.write() as uow:
            house.printing.templates.save(uow, ADMIN, "report", text, version, "")
        report_id = house.world.report_in(ReportState.SUBMITTED)
        assert "未审核" in house.text_of(house.printing.preview_report(LI, report_id))


# ── copies ───────────────────────────────────────────────────────────────────────────────────────────


@on_both
def test_desks_that_print_at_once_get_numbers_of_their_own(house: House) -> None:
    report_id = house.world.report_in(ReportState.APPROVED)
    with ThreadPoolExecutor(4) as desks:
        copies = list(desks.map(lambda _n: house.printing.print_report(LI, report_id).copy_number, range(4)))
    assert sorted(copies) == [1, 2, 3, 4]
    with house.world.database.read() as uow:
        assert house.world.reports.get(uow, LI, report_id).print_count == 4


@on_both
def test_copies_are_counted_logged_marked_and_limited(house: House) -> None:
    first = save(house, id=0, name="默认报告", is_default=True, most_copies=2, marks_reprints=True, validity_days=90)
    report_id = house.world.report_in(ReportState.APPROVED)
    one = house.printing.print_report(LI, report_id)
    assert one.copy_number == 1
    assert "补打" not in house.text_of(one)
    assert "有效期至 2026-05-31" in house.text_of(one)
    two = house.printing.print_report(WANG, report_id)
    assert two.copy_number == 2
    assert "补打（第 2 份）" in house.text_of(two)
    code, sentence = refused(house.printing.print_report, LI, report_id)
    assert code is ErrorCode.ILLEGAL_ACTION
    assert "上限" in sentence
    with house.world.database.write() as uow:
        told = house.printing.reports.tell_copy(uow, WANG, two.copy_id, CopyOutcome.FAILED, "HP", "缺纸")
        assert told.copy_number == 0
    again = house.printing.print_report(LI, report_id)  # what failed does not count
    assert again.copy_number == 2
    with house.world.database.read() as uow:
        log = house.printing.reports.list_copies(uow, report_id)
    assert [(c.copy_number, c.outcome, c.made_by, c.reason) for c in log] == [
        (2, "made", "李医生", ""), (0, "failed", "王医生", "缺纸"), (1, "made", "李医生", "")
    ]  # fmt: skip
    assert {c.template_name for c in log} == {first.name}


def test_telling_twice_changes_nothing(house: House) -> None:
    document = house.printing.print_report(LI, house.world.report_in(ReportState.APPROVED))
    reports = house.printing.reports
    for outcome in (CopyOutcome.PRINTED, CopyOutcome.FAILED):
        with house.world.database.write() as uow:
            assert reports.tell_copy(uow, LI, document.copy_id, outcome, "HP", "").outcome is CopyOutcome.PRINTED
    with house.world.database.write() as uow:
        assert refused(reports.tell_copy, uow, LI, document.copy_id, CopyOutcome.MADE, "", "")[0] is ErrorCode.INVALID
        assert refused(reports.tell_copy, uow, LI, 999, CopyOutcome.PRINTED, "", "")[0] is ErrorCode.NOT_FOUND


def test_a_desk_that_records_its_print_tells_of_the_copy(house: House) -> None:
    document = house.printing.print_report(LI, house.world.report_in(ReportState.APPROVED))
    house.printing.record_print(LI, document.id, "HP LaserJet", 1)
    with house.world.database.read() as uow:
        (copy,) = house.printing.reports.list_copies(uow, 1)
    assert (copy.outcome, copy.printer) == (CopyOutcome.PRINTED, "HP LaserJet")


def test_an_old_code_is_genuine_but_expired(house: House) -> None:
    save(house, id=0, name="默认报告", is_default=True, validity_days=90)
    report_id = house.world.report_in(ReportState.APPROVED)
    with house.world.database.read() as uow:
        code = house.world.reports.verification_code(uow, report_id)
        assert "过期" not in house.printing.verify(uow, code)
        house.world.clock.pass_time(days=91)
        assert "真实有效" in house.printing.verify(uow, code)
        assert "过期" in house.printing.verify(uow, code)
        for wrong in ("", "MJ1:x:y", "MJ1:99999999999:y", "MJ1:999:y"):
            assert "过期" not in house.printing.verify(uow, wrong)


class Supplies:
    """Signatures, photographs and forms of other areas."""

    def picture_of(self, uow: UnitOfWork, account_id: int) -> bytes | None:
        return a_png(60, 20) if account_id == ZHAO.user_id else None

    def photographs(self, uow: UnitOfWork, exam_id: int) -> tuple[bytes, ...]:
        return (a_png(30, 40), a_png(30, 40))

    def rows(self, uow: UnitOfWork, report_id: int, language: str) -> tuple[dict[str, str], ...]:
        return ({"group": "结节", "label": "最大径", "value": "12 mm"},)


def test_signature_photographs_and_fields_come_onto_the_paper(house: House) -> None:
    from io import BytesIO

    from pypdf import PdfReader

    supplies = Supplies()
    house.printing.reports.paper.bind(signatures=supplies, photographs=supplies, forms=supplies)
    report_id = house.world.report_in(ReportState.APPROVED)
    plain = PdfReader(BytesIO(house.bytes_of(house.printing.preview_report(LI, report_id))))
    assert [len(page.images) for page in plain.pages] == [1]  # the auditor's; the writer has none
    assert "最大径" in plain.pages[0].extract_text()
    save(house, id=0, name="默认报告", is_default=True, with_application=True)
    whole = PdfReader(BytesIO(house.bytes_of(house.printing.preview_report(LI, report_id))))
    assert [len(page.images) for page in whole.pages] == [1, 1, 1]
    assert "诊断医生" in whole.pages[0].extract_text()


# ── many as one job ──────────────────────────────────────────────────────────────────────────────────


def many(house: House, *states: ReportState) -> list[int]:
    """A report of an exam of its own in each state."""
    world, ids = house.world, []
    make = world.a_report
    for number, state in enumerate(states, 1):
        world.a_report = partial(make, an_exam(number, patient_id=number))  # type: ignore[method-assign]
        ids.append(world.report_in(state))
    world.a_report = make  # type: ignore[method-assign]
    return ids


def state_of(house: House, report_id: int) -> ReportState:
    with house.world.database.read() as uow:
        return house.world.reports.get(uow, SYSTEM, report_id).row.state


def begin(house: House, ids: list[int], key: str = "request-1") -> BatchView:
    with house.world.database.write() as uow:
        return house.printing.reports.begin_batch(uow, LI, tuple(ids), key)


@on_both
def test_a_job_goes_on_after_paper_out_and_names_what_failed(house: House) -> None:
    ids = many(house, ReportState.APPROVED, ReportState.SUBMITTED, ReportState.APPROVED, ReportState.PRINTED)
    reports = house.printing.reports
    batch = begin(house, [*ids, ids[0]])
    assert [item.report_id for item in batch.items] == ids  # each once
    assert begin(house, ids).id == batch.id  # the same request begins nothing more

    def tell(copy_id: int, outcome: CopyOutcome, reason: str = "") -> None:
        with house.world.database.write() as uow:
            reports.tell_copy(uow, LI, copy_id, outcome, "HP", reason)

    first = reports.next_of_batch(LI, batch.id, "zh")
    assert first.document is not None
    assert state_of(house, ids[0]) is ReportState.APPROVED  # not before paper came
    assert reports.next_of_batch(LI, batch.id, "zh").document == first.document  # asked again: no second paper
    tell(first.document.copy_id, CopyOutcome.PRINTED)
    assert state_of(house, ids[0]) is ReportState.PRINTED
    second = reports.next_of_batch(LI, batch.id, "zh")  # not approved: never printed
    assert second.document is None
    third = reports.next_of_batch(LI, batch.id, "zh")
    assert third.document is not None
    tell(third.document.copy_id, CopyOutcome.FAILED, "缺纸")
    assert state_of(house, ids[2]) is ReportState.APPROVED
    fourth = reports.next_of_batch(LI, batch.id, "zh")
    assert fourth.document is not None
    tell(fourth.document.copy_id, CopyOutcome.SAVED)
    done = reports.next_of_batch(LI, batch.id, "zh")
    assert done.item_id == 0
    assert [item.state for item in done.batch.items] == [
        BatchItemState.PRINTED, BatchItemState.REFUSED, BatchItemState.FAILED, BatchItemState.PRINTED
    ]  # fmt: skip
    assert [item.reason for item in done.batch.items][2] == "缺纸"
    assert done.batch.items[1].reason
    assert done.batch.is_open
    again = reports.next_of_batch(LI, batch.id, "zh", again=True)
    assert again.document is not None
    tell(again.document.copy_id, CopyOutcome.PRINTED)
    assert state_of(house, ids[2]) is ReportState.PRINTED
    with house.world.database.read() as uow:
        (known,) = reports.list_batches(uow, LI)
        assert not known.is_open
        assert reports.list_batches(uow, WANG) == ()
        assert refused(reports.get_batch, uow, WANG, batch.id)[0] is ErrorCode.NOT_FOUND


def test_a_job_that_was_ended_prints_no_more(house: House) -> None:
    batch = begin(house, many(house, ReportState.APPROVED))
    with house.world.database.write() as uow:
        assert not house.printing.reports.end_batch(uow, LI, batch.id).is_open
    assert refused(house.printing.reports.next_of_batch, LI, batch.id, "zh")[0] is ErrorCode.ILLEGAL_ACTION
    assert refused(begin, house, [], "request-2")[0] is ErrorCode.INVALID
    assert refused(begin, house, [1], "short")[0] is ErrorCode.INVALID


def test_the_list_for_handing_out_shows_what_waits_and_what_came(house: House) -> None:
    ids = many(house, ReportState.APPROVED, ReportState.SUBMITTED, ReportState.PRINTED)
    house.printing.print_report(ZHAO, ids[2])
    reports = house.printing.reports
    with house.world.database.read() as uow:
        waiting = reports.list_handouts(uow, LI, ListHandouts())
        every = reports.list_handouts(uow, LI, ListHandouts(only_unprinted=False))
    assert [row.report_id for row in waiting.rows] == [ids[0]]
    assert {row.report_id: (row.copies, row.last_printed_by) for row in every.rows} == {
        ids[0]: (0, ""), ids[2]: (1, "赵主任")
    }  # fmt: skip


# ── self-service ─────────────────────────────────────────────────────────────────────────────────────


def ask(house: House, four: str, code: str = "A0000001", kiosk: Caller = KIOSK):  # type: ignore[no-untyped-def]
    with house.world.database.write() as uow:
        return house.printing.reports.open_self_print(uow, kiosk, code, four)


@on_both
def test_a_patient_prints_what_waits_and_hears_what_does_not(house: House) -> None:
    ids = many(house, ReportState.APPROVED, ReportState.SUBMITTED, ReportState.PRINTED, ReportState.APPROVED)
    reports = house.printing.reports
    answer = ask(house, "123x")
    assert answer.outcome is SelfPrintOutcome.READY
    assert [item.reason for item in answer.items] == ["", "", "not_ready", "printed"]
    told = msgspec.json.encode(answer).decode()
    for secret in ("张三", "P00000", "1381", "未见异常"):
        assert secret not in told
    paper = reports.make_self_print(KIOSK, answer.session, 1, "zh")
    assert paper.pdf.startswith(b"%PDF-")
    assert paper.pages == 1
    assert state_of(house, ids[0]) is ReportState.APPROVED
    reports.tell_self_print(KIOSK, answer.session, paper.copy_id, is_printed=False, reason="缺纸")
    again = reports.make_self_print(KIOSK, answer.session, 1, "zh")
    assert again.copy_id != paper.copy_id
    assert reports.make_self_print(KIOSK, answer.session, 1, "zh").copy_id == again.copy_id
    reports.tell_self_print(KIOSK, answer.session, again.copy_id, is_printed=True, reason="")
    assert state_of(house, ids[0]) is ReportState.PRINTED
    assert {item.reason for item in ask(house, "4321").items} == {"", "not_ready", "printed"}
    with house.world.database.read() as uow:
        assert [copy.place for copy in reports.list_copies(uow, ids[0])] == ["kiosk", "kiosk"]


def test_another_kiosk_or_a_late_one_gets_no_paper(house: House) -> None:
    many(house, ReportState.APPROVED)
    answer = ask(house, "123X")
    other = replace(KIOSK, station="大厅2")
    reports = house.printing.reports
    assert refused(reports.make_self_print, other, answer.session, 1, "zh")[0] is ErrorCode.NOT_FOUND
    answer = ask(house, "123X")
    assert refused(reports.make_self_print, KIOSK, answer.session, 7, "zh")[0] is ErrorCode.NOT_FOUND
    house.world.clock.pass_time(minutes=4)
    assert refused(reports.make_self_print, KIOSK, answer.session, 1, "zh")[0] is ErrorCode.NOT_FOUND


def test_a_report_that_is_not_ready_is_said_so(house: House) -> None:
    many(house, ReportState.AUDITING)
    answer = ask(house, "123X")
    assert (answer.outcome, answer.session) == (SelfPrintOutcome.NOT_READY, "")


def test_what_is_too_old_is_fetched_at_the_counter(house: House) -> None:
    save(house, id=0, name="默认报告", is_default=True, validity_days=90)
    many(house, ReportState.APPROVED)
    house.world.clock.pass_time(days=91)
    answer = ask(house, "123X")
    assert (answer.outcome, [item.reason for item in answer.items]) == (SelfPrintOutcome.NOTHING, ["expired"])


def test_wrong_digits_shut_the_code_and_many_the_kiosk(house: House) -> None:
    many(house, ReportState.APPROVED)
    outcomes = [ask(house, "0000") for _ in range(4)]
    assert [one.outcome for one in outcomes] == ["wrong", "wrong", "paused", "paused"]
    assert [one.tries_left for one in outcomes[:2]] == [2, 1]
    assert ask(house, "123X").outcome is SelfPrintOutcome.PAUSED  # even the right digits
    other = replace(KIOSK, station="大厅2")
    assert ask(house, "123X", kiosk=other).outcome is SelfPrintOutcome.PAUSED  # nor at another kiosk
    house.world.clock.pass_time(minutes=11)
    assert ask(house, "123X").outcome is SelfPrintOutcome.READY
    unknown = [ask(house, "1234", code=f"X{number:05}") for number in range(10)]
    assert [one.outcome for one in unknown] == ["wrong"] * 9 + ["paused"]
    assert ask(house, "123X").outcome is SelfPrintOutcome.PAUSED
    house.world.clock.pass_time(minutes=3)
    assert ask(house, "123X").outcome is SelfPrintOutcome.READY
    with house.world.database.read() as uow:
        assert all("X0" not in row.code for row in uow.session.query(SelfPrintTry))


@pytest.mark.parametrize("secrets", [("", ""), ("12", "3"), ("---", "")])
def test_a_patient_without_numbers_goes_to_the_counter(house: House, secrets: tuple[str, ...]) -> None:
    many(house, ReportState.APPROVED)
    people = AtKiosk(house)
    people.secrets = secrets
    house.printing.reports.bind(house.world.worklist, people)
    assert ask(house, "0000").outcome is SelfPrintOutcome.WRONG


@pytest.mark.parametrize(
    ("code", "four"), [("", "1234"), ("a b", "1234"), ("'; drop", "1234"), ("A0000001", "12345"), ("A0000001", "ABCD")]
)
def test_what_is_no_code_is_refused(house: House, code: str, four: str) -> None:
    assert refused(ask, house, four, code)[0] is ErrorCode.INVALID
