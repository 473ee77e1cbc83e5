"""Opinions, audit, correction, print, send, batches, frozen sections, lists: on the whole server's areas."""

from __future__ import annotations

import datetime as dt
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal
from server.pathology.cases.rules import STEPS
from server.pathology.reports.tables import FrozenSection
from server.reporting.seal import verification_code
from shared.contract import pathology_reports as contract
from shared.contract.base import Command
from shared.contract.errors import ErrorCode
from shared.contract.pathology_checklists import GetFilled, SaveFilled
from shared.contract.pathology_reports import OpinionText
from shared.domain import pathology_checklists as checklists
from shared.domain.pathology import CaseAction, CaseFlag, CaseState, DoctorRole, LibraryKind, MyList, OpinionKind
from shared.domain.pathology_reports import (
    Concordance,
    FileFormat,
    FormatMode,
    FrozenStep,
    PaperAction,
    PaperState,
    ReportKind,
    Urgency,
)
from shared.domain.structured import FieldValue
from shared.domain.structured_form import new_form, with_value
from tests.server.pathology.reports.report_room import GROSS, TEXT, Room


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    made = Room(tmp_path_factory.mktemp("reports"))
    yield made
    made.close()


@pytest.fixture
def everybody(room: Room) -> Caller:
    return room.user("pathology_admin")


def refused(call: object, code: ErrorCode) -> str:
    with pytest.raises(Refusal) as caught:
        call()  # type: ignore[operator]
    assert caught.value.body.code is code, caught.value.body.message
    return caught.value.body.message


def audited(room: Room, **case: object) -> tuple[int, contract.DiagnosisView]:
    """A case with a chief opinion, audited by another doctor."""
    case_id = room.case(**case)  # type: ignore[arg-type]
    page = room.write(room.user("pathology_chief"), case_id, OpinionKind.CHIEF)
    page = room.ask(room.user("pathology_auditor"), contract.Audit(case_id=case_id, version=page.report.version))
    return case_id, page


# ── the state table through the requests ─────────────────────────────────────────────────────────────

_REPORT_ACTIONS = (
    CaseAction.NAME_DOCTOR,
    CaseAction.SAVE_FIRST,
    CaseAction.SAVE_CHIEF,
    CaseAction.SAVE_SECOND,
    CaseAction.AUDIT,
    CaseAction.REOPEN,
    CaseAction.PRINT,
    CaseAction.SEND,
    CaseAction.DELAY,
    CaseAction.FROZEN_REPORT,
    CaseAction.CONSULT,
    CaseAction.SUPPLEMENT,
)
_STATES = tuple(one for one in CaseState if one not in (CaseState.APPOINTED, CaseState.DELETED))


def _request(room: Room, action: CaseAction, case_id: int, page: contract.DiagnosisView) -> Command[object]:
    report_id, version = page.report.id, page.report.version
    writes = {
        CaseAction.SAVE_FIRST: OpinionKind.FIRST,
        CaseAction.SAVE_CHIEF: OpinionKind.CHIEF,
        CaseAction.SAVE_SECOND: OpinionKind.SECOND,
        CaseAction.FROZEN_REPORT: OpinionKind.FROZEN,
        CaseAction.SUPPLEMENT: OpinionKind.SUPPLEMENTARY,
    }
    if action in writes:
        return contract.SaveOpinion(case_id=case_id, kind=writes[action], text=TEXT)
    doctor = room.user("pathology_auditor").user_id
    requests: dict[CaseAction, Command[object]] = {
        CaseAction.NAME_DOCTOR: contract.NameDoctor(case_ids=(case_id,), role=DoctorRole.AUDIT, doctor_id=doctor),
        CaseAction.AUDIT: contract.Audit(case_id=case_id, version=version),
        CaseAction.REOPEN: contract.Reopen(case_id=case_id, reason="更正取材部位"),
        CaseAction.PRINT: contract.Print(report_id=report_id),
        CaseAction.SEND: contract.Send(report_id=report_id),
        CaseAction.DELAY: contract.Delay(case_id=case_id, reason="等待免疫组化"),
        CaseAction.CONSULT: contract.StartConsultation(case_id=case_id, participants=(doctor,), question="良恶性？"),
    }
    return requests[action]


@pytest.mark.parametrize("action", _REPORT_ACTIONS)
def test_each_state_and_action_of_the_table_through_the_requests(
    room: Room, everybody: Caller, action: CaseAction
) -> None:
    other = room.user("pathology_chief")
    for state in _STATES:
        case_id = room.case()
        page = room.write(other, case_id, OpinionKind.CHIEF)
        room.put_state(case_id, state)
        step = STEPS.get((state, action))
        request = _request(room, action, case_id, page)
        if step is None:
            assert refused(lambda r=request: room.ask(everybody, r), ErrorCode.ILLEGAL_ACTION), (state, action)
            assert room.open(everybody, case_id).state is state
        else:
            assert action in room.open(everybody, case_id).allowed
            room.ask(everybody, request)
            assert room.open(everybody, case_id).state is (step.next_state or CaseState.CHIEF), (state, action)


# ── the main line ────────────────────────────────────────────────────────────────────────────────────


def test_first_chief_second_audit_print_send(room: Room) -> None:
    first, chief = room.user("pathology_first"), room.user("pathology_chief")
    second, auditor = room.user("pathology_second"), room.user("pathology_auditor")
    case_id = room.case()
    page = room.write(first, case_id, OpinionKind.FIRST)
    assert page.state is CaseState.FIRST and page.gross == GROSS
    assert page.report.text == TEXT and page.opinions[0].seal and page.opinions[0].is_mine
    better = OpinionText(findings=TEXT.findings, diagnosis="（胃窦）慢性萎缩性胃炎，中度肠化。")
    page = room.write(chief, case_id, OpinionKind.CHIEF, better)
    assert page.state is CaseState.CHIEF and page.report.text == better
    page = room.write(second, case_id, OpinionKind.SECOND, TEXT, refresh_report=False)
    assert page.state is CaseState.SECOND and page.report.text == better
    page = room.ask(auditor, contract.Audit(case_id=case_id, version=page.report.version))
    assert page.state is CaseState.AUDITED and page.report.auditor == "pathology_auditor" and page.report.seal
    assert [one.kind for one in page.opinions] == [OpinionKind.FIRST, OpinionKind.CHIEF, OpinionKind.SECOND]
    assert page.turnaround.urgency is Urgency.MET
    printed = room.ask(auditor, contract.Print(report_id=page.report.id))
    assert room.open(auditor, case_id).state is CaseState.PRINTED
    assert room.document(printed.id).startswith(b"%PDF-")
    page = room.ask(auditor, contract.Send(report_id=page.report.id))
    assert page.state is CaseState.SENT and page.report.send_count == 1
    room.ask(auditor, contract.Print(report_id=page.report.id))
    page = room.open(auditor, case_id)
    assert page.state is CaseState.SENT and page.report.print_count == 2
    actions = [one.action for one in room.ask(auditor, contract.ListEvents(case_id=case_id))]
    assert actions[:3] == ["reprinted", "sent", "printed"] and "audited" in actions


def test_nobody_edits_anothers_opinion_and_versions_are_kept(room: Room) -> None:
    first, second = room.user("pathology_first"), room.user("pathology_first", "zhang")
    case_id = room.case()
    page = room.write(first, case_id, OpinionKind.FIRST)
    mine = page.opinions[0]
    message = refused(
        lambda: room.write(second, case_id, OpinionKind.FIRST, opinion_id=mine.id, version=mine.version),
        ErrorCode.HELD_BY_OTHER,
    )
    assert "pathology_first" in message
    refused(
        lambda: room.write(first, case_id, OpinionKind.FIRST, opinion_id=mine.id, version=mine.version - 1),
        ErrorCode.CONFLICT,
    )
    changed = OpinionText(findings="改过的所见", diagnosis=TEXT.diagnosis)
    page = room.write(first, case_id, OpinionKind.FIRST, changed, opinion_id=mine.id, version=mine.version)
    assert page.state is CaseState.FIRST and page.opinions[0].text == changed
    kept = room.ask(second, contract.ListVersions(opinion_id=mine.id))
    assert [one.text for one in kept] == [changed, TEXT]


def test_a_draft_is_its_doctors_alone_and_leaves_the_case(room: Room) -> None:
    chief, other = room.user("pathology_chief"), room.user("pathology_auditor")
    case_id = room.case()
    typed = OpinionText(diagnosis="打字中")
    page = room.write(chief, case_id, OpinionKind.CHIEF, typed, is_automatic=True)
    assert page.state is CaseState.PREPARED and page.opinions[0].is_draft
    assert room.open(other, case_id).opinions == ()
    draft = page.opinions[0]
    page = room.write(
        chief, case_id, OpinionKind.CHIEF, OpinionText(diagnosis="打字中，续"), is_automatic=True,
        opinion_id=draft.id, version=draft.version,
    )  # fmt: skip
    assert page.opinions[0].text_number == 1  # automatic saves of one sitting replace each other
    page = room.write(chief, case_id, OpinionKind.CHIEF, opinion_id=draft.id, version=page.opinions[0].version)
    assert page.state is CaseState.CHIEF and not page.opinions[0].is_draft
    refused(lambda: room.ask(chief, contract.DropDraft(opinion_id=draft.id)), ErrorCode.ILLEGAL_ACTION)


def test_the_audit_waits_for_what_is_missing_and_for_another_person(room: Room) -> None:
    auditor, chief = room.user("pathology_auditor"), room.user("pathology_chief")
    case_id = room.case()
    page = room.write(auditor, case_id, OpinionKind.FIRST)
    page = room.write(chief, case_id, OpinionKind.CHIEF, OpinionText(diagnosis="（胃窦）中分化胃腺癌。"))
    assert any("光镜所见" in one for one in page.obstacles) and any("结构化报告" in one for one in page.obstacles)
    said = refused(
        lambda: room.ask(auditor, contract.Audit(case_id=case_id, version=page.report.version)), ErrorCode.INVALID
    )
    assert "光镜所见" in said
    mine = next(one for one in page.opinions if one.is_mine)
    page = room.write(chief, case_id, OpinionKind.CHIEF, TEXT, opinion_id=mine.id, version=mine.version)
    assert page.obstacles == ()
    refused(
        lambda: room.ask(auditor, contract.Audit(case_id=case_id, version=page.report.version)),
        ErrorCode.PERMISSION_MISSING,
    )
    policy = room.ask(auditor, contract.GetPolicy())
    admin = room.user("pathology_admin")
    import msgspec

    policy = room.ask(admin, contract.SavePolicy(policy=msgspec.structs.replace(policy, same_person=True)))
    try:
        page = room.ask(auditor, contract.Audit(case_id=case_id, version=page.report.version))
        assert page.state is CaseState.AUDITED
    finally:
        room.ask(admin, contract.SavePolicy(policy=msgspec.structs.replace(policy, same_person=False)))


def test_a_checklist_blocks_the_audit_until_it_is_complete(room: Room) -> None:
    chief, auditor = room.user("pathology_chief"), room.user("pathology_auditor")
    case_id = room.case()
    room.write(chief, case_id, OpinionKind.CHIEF)
    form = new_form(checklists.form("stomach", 1), 0, 1)
    answers: dict[str, str | float] = {
        "procedure": "distal", "site": "antrum", "type": "tubular", "lauren": "intestinal", "grade": "moderate",
        "size": 30, "invasion": "t3", "lvi": "absent", "margins": "negative", "nodes_examined": 16,
        "nodes_positive": 2, "metastasis": "m0",
    }  # fmt: skip
    for key, value in answers.items():
        put = FieldValue(options=(value,)) if isinstance(value, str) else FieldValue(number=value)
        form = with_value(form, key, put)
    kept = room.ask(chief, SaveFilled(case_id=case_id, key="stomach", content=form))
    assert kept.stage == "pT3 pN1 cM0，IIB" and kept.missing == ("HER2（IHC）",)
    page = room.open(auditor, case_id)
    assert page.obstacles == ("结构化报告缺少：HER2（IHC）。",)
    form = with_value(form, "her2", FieldValue(options=("s1",)))
    refused(lambda: room.ask(chief, SaveFilled(case_id=case_id, key="stomach", content=form)), ErrorCode.CONFLICT)
    room.ask(chief, SaveFilled(case_id=case_id, key="stomach", content=form, version=kept.version))
    page = room.ask(auditor, contract.Audit(case_id=case_id, version=room.open(auditor, case_id).report.version))
    assert page.state is CaseState.AUDITED and page.stage.endswith("IIB")
    again = room.ask(chief, GetFilled(case_id=case_id))
    refused(
        lambda: room.ask(chief, SaveFilled(case_id=case_id, key="stomach", content=form, version=again.version)),
        ErrorCode.ILLEGAL_ACTION,
    )


def test_a_correction_keeps_the_old_version_shows_the_difference_and_goes_out_again(room: Room) -> None:
    auditor, chief = room.user("pathology_auditor"), room.user("pathology_chief")
    case_id, page = audited(room)
    report_id, old_seal = page.report.id, page.report.seal
    room.ask(auditor, contract.Send(report_id=report_id))
    refused(lambda: room.write(chief, case_id, OpinionKind.CHIEF), ErrorCode.ILLEGAL_ACTION)
    refused(lambda: room.ask(auditor, contract.Reopen(case_id=case_id, reason=" ")), ErrorCode.INVALID)
    refused(lambda: room.ask(chief, contract.Reopen(case_id=case_id, reason="x")), ErrorCode.PERMISSION_MISSING)
    page = room.ask(auditor, contract.Reopen(case_id=case_id, reason="左右写反"))
    assert (
        page.state is CaseState.CHIEF and page.report.reason == "左右写反" and page.report.state is PaperState.WRITING
    )
    mine = next(one for one in room.open(chief, case_id).opinions if one.is_mine)
    new = OpinionText(findings=TEXT.findings, diagnosis="（胃体）慢性萎缩性胃炎。")
    page = room.write(chief, case_id, OpinionKind.CHIEF, new, opinion_id=mine.id, version=mine.version)
    page = room.ask(auditor, contract.Audit(case_id=case_id, version=page.report.version))
    assert page.state is CaseState.SENT and page.report.send_count == 2 and page.report.edition == 2
    assert page.report.seal != old_seal
    assert [one.reason for one in page.report.editions] == ["左右写反", ""]
    ((field, parts),) = room.ask(auditor, contract.CompareEditions(report_id=report_id, older=1, newer=2))
    assert field == "diagnosis"
    assert "".join(one.text for one in parts if one.kind == "removed") == "窦"
    assert "".join(one.text for one in parts if one.kind == "added") == "体"
    versions = room.ask(auditor, contract.ListVersions(report_id=report_id))
    assert {one.text.diagnosis for one in versions} == {TEXT.diagnosis, new.diagnosis}


# ── beside the main line ─────────────────────────────────────────────────────────────────────────────


def test_a_supplementary_report_has_an_audit_of_its_own(room: Room) -> None:
    auditor, chief = room.user("pathology_auditor"), room.user("pathology_chief")
    case_id, _page = audited(room)
    text = OpinionText(diagnosis="补充：HER2 FISH 阴性。")
    page = room.write(chief, case_id, OpinionKind.SUPPLEMENTARY, text)
    assert page.state is CaseState.AUDITED
    (supplement,) = page.others
    assert supplement.kind is ReportKind.SUPPLEMENTARY and supplement.number == 1
    refused(lambda: room.ask(auditor, contract.Print(report_id=supplement.id)), ErrorCode.ILLEGAL_ACTION)
    audit = contract.Audit(case_id=case_id, version=supplement.version, report_id=supplement.id)
    page = room.ask(auditor, audit)
    assert page.others[0].state is PaperState.AUDITED and PaperAction.SEND in page.others[0].allowed
    room.ask(auditor, contract.Print(report_id=supplement.id))
    page = room.ask(auditor, contract.Send(report_id=supplement.id))
    assert page.others[0].state is PaperState.SENT and page.state is CaseState.AUDITED
    mine = next(one for one in room.open(chief, case_id).opinions if one.report_id == supplement.id)
    refused(
        lambda: room.write(chief, case_id, OpinionKind.SUPPLEMENTARY, text, opinion_id=mine.id, version=mine.version),
        ErrorCode.ILLEGAL_ACTION,
    )


def test_a_frozen_section_has_its_clock_its_read_back_and_its_comparison(room: Room) -> None:
    chief = room.user("pathology_chief")
    case_id = room.case(CaseState.REGISTERED, LibraryKind.FROZEN)
    page = room.open(chief, case_id)
    assert page.frozen is not None and page.frozen.target_minutes == 20
    assert page.frozen.clock.urgency is Urgency.CALM and FrozenStep.RECEIVED in page.frozen.times
    with room.database.write() as uow:
        row = uow.session.get_one(FrozenSection, case_id)
        assert row.received_at is not None
        row.received_at -= dt.timedelta(minutes=17)
    assert room.open(chief, case_id).frozen.clock.urgency is Urgency.SOON  # type: ignore[union-attr]
    refused(
        lambda: room.ask(chief, contract.NoteReadBack(case_id=case_id, to="三号手术间 刘护士")),
        ErrorCode.ILLEGAL_ACTION,
    )
    room.ask(chief, contract.NoteFrozenStep(case_id=case_id, step=FrozenStep.SECTIONED))
    page = room.write(chief, case_id, OpinionKind.FROZEN, OpinionText(diagnosis="（乳腺）恶性，考虑浸润性癌"))
    assert page.state is CaseState.REGISTERED
    assert page.frozen is not None and page.frozen.clock.urgency is Urgency.MET
    refused(lambda: room.ask(chief, contract.NoteFrozenStep(case_id=case_id, step=FrozenStep.READ)), ErrorCode.INVALID)
    page = room.ask(chief, contract.NoteReadBack(case_id=case_id, to="三号手术间 刘护士"))
    assert page.frozen is not None and page.frozen.read_back_to == "三号手术间 刘护士"
    room.ask(chief, contract.Print(report_id=page.others[0].id))
    page = room.open(chief, case_id)
    assert page.others[0].state is PaperState.PRINTED and page.state is CaseState.REGISTERED
    judge = contract.JudgeFrozen(case_id=case_id, concordance=Concordance.DISAGREES)
    refused(lambda: room.ask(chief, judge), ErrorCode.ILLEGAL_ACTION)
    room.put_state(case_id, CaseState.PREPARED)
    room.write(chief, case_id, OpinionKind.CHIEF)
    refused(lambda: room.ask(chief, judge), ErrorCode.INVALID)
    note = contract.JudgeFrozen(case_id=case_id, concordance=Concordance.DISAGREES, note="取材局限")
    page = room.ask(chief, note)
    assert page.frozen is not None and page.frozen.concordance is Concordance.DISAGREES
    months = room.ask(chief, contract.GetTimeliness())
    row = next(one for one in months if one.library is LibraryKind.FROZEN)
    assert (row.frozen, row.frozen_in_time, row.judged, row.agreed) == (1, 1, 1, 0)


def test_a_consultation_keeps_each_doctors_opinion_and_ends_as_a_report(room: Room) -> None:
    chief, auditor, second = (room.user(f"pathology_{one}") for one in ("chief", "auditor", "second"))
    case_id = room.case()
    asked = (auditor.user_id, second.user_id)
    page = room.ask(
        chief, contract.StartConsultation(case_id=case_id, participants=asked, question="淋巴瘤还是反应性增生？")
    )
    (consultation,) = page.consultations
    assert room.ask(second, contract.GetCounts()).my_consultations == 1
    room.write(
        second, case_id, OpinionKind.CONSULTATION, OpinionText(diagnosis="倾向反应性"), consultation_id=consultation.id
    )
    assert room.ask(second, contract.GetCounts()).my_consultations == 0
    page = room.ask(chief, contract.CloseConsultation(consultation_id=consultation.id, conclusion="反应性增生"))
    assert page.consultations[0].closed_at and page.others[0].kind is ReportKind.CONSULTATION
    assert page.others[0].text.diagnosis == "反应性增生" and "倾向反应性" in page.others[0].text.findings
    refused(
        lambda: room.write(auditor, case_id, OpinionKind.CONSULTATION, TEXT, consultation_id=consultation.id),
        ErrorCode.ILLEGAL_ACTION,
    )


def test_a_delay_is_cleared_when_the_report_is_sent(room: Room) -> None:
    auditor, chief = room.user("pathology_auditor"), room.user("pathology_chief")
    case_id = room.case()
    refused(lambda: room.ask(chief, contract.Delay(case_id=case_id, reason="")), ErrorCode.INVALID)
    page = room.ask(chief, contract.Delay(case_id=case_id, reason="等待免疫组化"))
    assert page.delays[0].reason == "等待免疫组化"
    before = room.ask(chief, contract.GetCounts()).delayed
    room.write(chief, case_id, OpinionKind.CHIEF)
    page = room.ask(auditor, contract.Audit(case_id=case_id, version=room.open(auditor, case_id).report.version))
    room.ask(auditor, contract.Send(report_id=page.report.id))
    assert room.ask(chief, contract.GetCounts()).delayed == before - 1
    with room.database.read() as uow:
        facts = room.areas.pathology.reports.parts.books.cases.facts(uow, chief, case_id)
    assert CaseFlag.DELAYED not in facts.flags


# ── lists, batches, codes, collections ───────────────────────────────────────────────────────────────


def test_my_lists_follow_naming_and_taking_part(room: Room) -> None:
    chief, auditor = room.user("pathology_chief", "chief2"), room.user("pathology_auditor", "auditor2")
    first = room.user("pathology_first", "first2")
    one, two = room.case(CaseState.REGISTERED), room.case()
    refused(
        lambda: room.ask(chief, contract.NameDoctor(case_ids=(one,), role=DoctorRole.CHIEF, doctor_id=first.user_id)),
        ErrorCode.INVALID,
    )
    room.ask(first, contract.NameDoctor(case_ids=(one, two), role=DoctorRole.CHIEF, doctor_id=chief.user_id))
    assert {row.case_id for row in room.ask(chief, contract.ListMine(which=MyList.UNDIAGNOSED)).rows} == {one, two}
    room.write(chief, two, OpinionKind.CHIEF)
    mine = room.ask(chief, contract.ListMine(which=MyList.UNDIAGNOSED))
    assert [row.case_id for row in mine.rows] == [one]
    assert mine.counts[MyList.UNAUDITED] == 1
    page = room.open(auditor, two)
    room.ask(auditor, contract.Audit(case_id=two, version=page.report.version))
    counts = room.ask(chief, contract.ListMine(which=MyList.UNPRINTED)).counts
    assert (counts[MyList.UNAUDITED], counts[MyList.UNPRINTED], counts[MyList.UNSENT]) == (0, 1, 1)
    assert room.ask(auditor, contract.ListMine(which=MyList.UNSENT)).total == 1
    assert [one.doctor for one in room.open(chief, one).named] == ["chief2"]


def test_a_batch_says_of_each_case_what_became_of_it(room: Room) -> None:
    auditor, chief = room.user("pathology_auditor"), room.user("pathology_chief")
    good, bare, gone = room.case(), room.case(), 999_999
    room.write(chief, good, OpinionKind.CHIEF)
    rows = room.ask(auditor, contract.BatchAudit(case_ids=(good, bare, gone)))
    assert [one.done for one in rows] == [True, False, False]
    assert all(one.sentence for one in rows[1:])
    printed = room.ask(auditor, contract.BatchPrint(case_ids=(good, bare)))
    assert [one.done for one in printed] == [True, False] and printed[0].format_key == "routine_0"
    own = room.ask(auditor, contract.BatchPrint(case_ids=(good,), mode=FormatMode.ONE, format_key="routine_2"))
    assert own[0].format_key == "routine_2"
    wrong = room.ask(auditor, contract.BatchPrint(case_ids=(good,), mode=FormatMode.ONE, format_key="cytology_0"))
    assert not wrong[0].done and "格式" in wrong[0].sentence
    refused(lambda: room.ask(auditor, contract.BatchPrint(case_ids=(good,), mode=FormatMode.ONE)), ErrorCode.INVALID)
    sent = room.ask(auditor, contract.BatchSend(case_ids=(good, good, bare)))
    assert [one.done for one in sent] == [True, False]
    assert not room.ask(auditor, contract.BatchSend(case_ids=(good,)))[0].done


def test_codes_are_checked_found_and_searched(room: Room) -> None:
    chief = room.user("pathology_chief")
    case_id = room.case()
    bad = contract.SetCodes(case_id=case_id, codes=(contract.CodeView(system="icdo-m", code="8140"),))
    refused(lambda: room.ask(chief, bad), ErrorCode.INVALID)
    codes = (
        contract.CodeView(system="icdo-t", code="c16.3"),
        contract.CodeView(system="icdo-m", code="8140/3"),
    )
    page = room.ask(chief, contract.SetCodes(case_id=case_id, codes=codes))
    assert [(one.code, one.meaning) for one in page.codes] == [("C16.3", "胃窦"), ("8140/3", "腺癌")]
    found = room.ask(chief, contract.FindByCode(system="icdo-m", code="814"))
    assert [one.case_id for one in found.rows] == [case_id]
    assert any(one.code == "8140/3" for one in room.ask(chief, contract.SearchCodes(text="腺癌")))


def test_follow_up_favourite_and_paste(room: Room) -> None:
    chief = room.user("pathology_chief")
    source, target = room.case(), room.case()
    room.write(chief, source, OpinionKind.CHIEF)
    today = dt.date.today()
    late = contract.SaveFollowUp(case_id=source, due_on=today - dt.timedelta(days=2), contact="患者 13800000000")
    made = room.ask(chief, late)
    assert made.is_due
    page = room.open(chief, source)
    assert (page.follow_ups_due, page.follow_ups) == (1, 1)
    done = contract.SaveFollowUp(
        case_id=source, due_on=today, contact="患者", result="术后一年无复发", id=made.id, version=made.version,
        agrees=Concordance.AGREES,
    )  # fmt: skip
    assert room.ask(chief, done).closed_at is not None
    room.ask(chief, contract.SaveFavourite(case_id=source, folder="教学"))
    assert [one.case_id for one in room.ask(chief, contract.ListFavourites(text="教学"))] == [source]
    assert room.open(chief, source).is_favourite
    room.ask(chief, contract.RemoveFavourite(case_id=source))
    assert not room.ask(chief, contract.ListFavourites())
    page = room.ask(chief, contract.PasteReport(from_case_id=source, to_case_id=target, kind=OpinionKind.CHIEF))
    assert page.state is CaseState.PREPARED and page.opinions[0].is_draft and page.opinions[0].text == TEXT


def test_a_critical_diagnosis_opens_the_loop_with_its_clock(room: Room) -> None:
    chief = room.user("pathology_chief")
    case_id = room.case(department="普外科")
    call = contract.ReportCritical(case_id=case_id, name="术中意外恶性", finding="切缘见癌")
    refused(lambda: room.ask(chief, call), ErrorCode.ILLEGAL_ACTION)
    room.write(chief, case_id, OpinionKind.CHIEF)
    loop = room.ask(chief, call)
    assert loop.department == "普外科" and loop.due_at > loop.opened_at and loop.report_id >= 1_000_000_001
    refused(lambda: room.ask(chief, call), ErrorCode.DUPLICATE)
    assert [one.name for one in room.ask(chief, contract.ListCritical(case_id=case_id))] == ["术中意外恶性"]


def test_what_leaves_is_read_by_an_outside_parser(room: Room) -> None:
    import hl7

    from server.results.documents import fhir
    from server.results.documents.hl7 import Envelope, result_message
    from server.results.ports import Connection
    from server.results.snapshot import unpacked
    from server.results.tables import ResultIssue

    auditor = room.user("pathology_auditor")
    case_id = room.case(patient_name="㛃䶮", department="普外科", application_number="A-77")
    chief = room.user("pathology_chief")
    room.write(chief, case_id, OpinionKind.CHIEF)
    codes = (contract.CodeView(system="icdo-m", code="8140/3"),)
    room.ask(chief, contract.SetCodes(case_id=case_id, codes=codes))
    page = room.open(auditor, case_id)
    page = room.ask(auditor, contract.Audit(case_id=case_id, version=page.report.version))
    room.ask(auditor, contract.Send(report_id=page.report.id))
    with room.database.read() as uow:
        issue = uow.session.query(ResultIssue).filter_by(report_id=page.report.id).one()
        snapshot = unpacked(issue.body)
    to = Connection(1, "HIS", False, "UTF-8", "2.4", "MINGJING", "LAB", "HIS", "HIS", "", "")
    envelope = Envelope(to, "C1", snapshot.view.approved_at, dt.UTC, "1.2.3", 1)  # type: ignore[arg-type]
    message = hl7.parse(result_message(snapshot, envelope).decode())
    found = {str(one[3][0][0]): str(one[5]) for one in message.segments("OBX")}
    assert found["22637-3"] == TEXT.diagnosis and found["22635-7"] == TEXT.findings and found["22634-0"] == GROSS
    assert any("8140/3" in str(one[5]) and "ICDO3" in str(one[5]) for one in message.segments("OBX"))
    assert str(message.segment("PID")[5][0][0]) == "㛃䶮" and str(message.segment("OBR")[25]) == "F"
    assert str(message.segment("ORC")[2]) == "A-77"
    bundle = fhir.transaction(snapshot, fhir.Bundling(1, snapshot.view.approved_at))  # type: ignore[arg-type]
    report = bundle["entry"][0]["resource"]
    assert report["status"] == "final" and report["conclusion"] == TEXT.diagnosis
    assert report["category"][0]["coding"][0]["code"] == "PAT"
    assert report["code"]["text"] == "病理诊断报告"


# ── paper ────────────────────────────────────────────────────────────────────────────────────────────


def words_of(room: Room, document_id: int, folder: Path) -> str:
    path = folder / "report.pdf"
    path.write_bytes(room.document(document_id))
    return subprocess.run(["pdftotext", "-layout", path, "-"], check=True, capture_output=True, text=True).stdout


def test_an_outside_program_reads_every_paper(room: Room, tmp_path: Path) -> None:
    auditor, chief = room.user("pathology_auditor"), room.user("pathology_chief")
    case_id, page = audited(room, patient_name="㛃䶮𠮷")
    said = words_of(room, room.ask(auditor, contract.Preview(report_id=page.report.id)).id, tmp_path)
    for word in ("病理诊断报告", "㛃䶮𠮷", "慢性萎缩性胃炎", "大体所见", "溃疡型肿物", "pathology_auditor", "SHA-256"):
        assert word in said, word
    english = words_of(room, room.ask(auditor, contract.Preview(report_id=page.report.id, language="en")).id, tmp_path)
    assert "Pathology Report" in english and "Gross description" in english
    room.write(chief, case_id, OpinionKind.SUPPLEMENTARY, OpinionText(diagnosis="补充：阴性"))
    room.write(chief, case_id, OpinionKind.FROZEN, OpinionText(diagnosis="良性病变"))
    for one in room.open(chief, case_id).others:
        said = words_of(room, room.ask(chief, contract.Preview(report_id=one.id)).id, tmp_path)
        if one.kind is ReportKind.SUPPLEMENTARY:
            assert "病理补充报告" in said and "审" in said and "补充：阴性" in said
        else:
            assert "术中冰冻病理报告" in said and "良性病变" in said and "审核医师" not in said
    page_of_html = room.ask(chief, contract.OutputReport(report_id=page.report.id, file_format=FileFormat.HTML))
    assert "慢性萎缩性胃炎" in room.document(page_of_html.id).decode()


def test_the_printed_report_is_signed_by_the_auditor(room: Room, tmp_path: Path) -> None:
    auditor = room.user("pathology_auditor")
    _case_id, page = audited(room)
    first = room.ask(auditor, contract.Print(report_id=page.report.id))
    path = tmp_path / "signed.pdf"
    path.write_bytes(room.document(first.id))
    said = subprocess.run(["pdfsig", path], capture_output=True, text=True, check=False).stdout
    assert "pathology_auditor" in said and "Signature is Valid" in said
    again = room.ask(auditor, contract.Print(report_id=page.report.id))
    assert room.document(again.id) == room.document(first.id)
    code = verification_code(page.report.id, page.report.seal)
    editions = room.areas.pathology.reports.editions
    with room.database.read() as uow:
        assert editions.verify(uow, f"https://hospital/verify/{code}").startswith("报告真实有效")
        assert (
            "不符" in editions.verify(uow, code[:-4] + "0000") and editions.verify(uow, "MJ1:5:0123456789abcdef") == ""
        )
        assert room.areas.signing.service.check(uow, page.report.id, 1).is_good
    room.ask(auditor, contract.Reopen(case_id=page.case_id, reason="更正"))
    with room.database.read() as uow:
        assert "已撤回" in editions.verify(uow, code)


@pytest.mark.parametrize(
    ("width", "um", "bar"), [(1920, 0.25, 100), (1920, 1.0, 200), (64, 1.0, 10), (4000, 10.0, 5000)]
)
def test_the_scale_bar_is_a_round_length_and_as_long_as_it_says(width: int, um: float, bar: int) -> None:
    from io import BytesIO

    import numpy as np
    from PIL import Image

    from server.pathology.reports.scale import bar_length, for_paper

    assert bar_length(width, um) == bar
    out = BytesIO()
    Image.new("RGB", (width, width * 3 // 4), (180, 60, 120)).save(out, "PNG")
    with Image.open(BytesIO(for_paper(out.getvalue(), um))) as made:
        pixels = np.asarray(made.convert("L"))
        scale = um * width / made.width
    longest = 0
    for row in pixels[-pixels.shape[0] // 12 :]:
        dark = np.flatnonzero(np.diff(np.concatenate(([0], (row < 40).astype(int), [0]))))
        longest = max([longest, *(dark[1::2] - dark[::2])])
    assert longest * scale == pytest.approx(bar, rel=0.03)
    plain = for_paper(out.getvalue(), 0.0)
    with Image.open(BytesIO(plain)) as made:
        assert (np.asarray(made.convert("L")) > 40).all()
