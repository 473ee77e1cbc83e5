"""Signing over real reports: who may set what, what is signed when, papers made once, corrections, tampering."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from server.kernel.database import UnitOfWork
from server.kernel.errors import Refusal
from server.reporting.auditing_tables import ReportEdition
from server.reporting.tables import Report, ReportLog, ReportText
from server.signing import certificates
from server.signing.key_ring import KEY_BYTES, KeyRing
from server.signing.signers import state_of
from server.signing.tables import AuthorityRow, CertificateRow, DataSignature
from server.signing.verification import check_data, check_file
from shared.contract.errors import ErrorCode
from shared.contract.signing import SignerState
from shared.domain.states import CriticalValue, ReportState
from tests.server.reporting.reporting_world import FULL, LI, QIAN, WANG, ZHAO, changed
from tests.server.signing.signing_world import BOSS as ADMINISTRATOR
from tests.server.signing.signing_world import NOW, SigningWorld, a_keystore, an_authority
from tests.server.signing.test_signature_pictures import a_signature, as_file

S = ReportState


def refusal(code: ErrorCode) -> pytest.RaisesExc[Refusal]:
    return pytest.RaisesExc(Refusal, check=lambda refused: refused.body.code is code)


def approved(house: SigningWorld) -> int:
    return house.world.report_in(S.APPROVED)


# ── pictures and certificates ────────────────────────────────────────────────────────────────────────


def test_only_oneself_and_the_administrator_set_a_picture_and_versions_stay(house: SigningWorld) -> None:
    first, second = as_file(a_signature()), as_file(a_signature(width=12))
    with house.database.write() as uow:
        assert house.signing.signer(uow, LI, 0).picture is None
        house.signing.set_picture(uow, LI, 0, first, is_drawn=False)
        house.signing.set_picture(uow, LI, 0, first, is_drawn=False)  # twice keeps one
        view = house.signing.set_picture(uow, ADMINISTRATOR, LI.user_id, second, is_drawn=True, reason="扫描重做")
    assert [(one.version, one.is_present, one.set_by) for one in view.pictures] == [
        (2, True, "管理员"),
        (1, False, "李医生"),
    ]
    with house.database.write() as uow:
        assert house.signing.picture_of(uow, LI.user_id) == view.pictures[0].png
        with refusal(ErrorCode.PERMISSION_MISSING):
            house.signing.set_picture(uow, WANG, LI.user_id, first, is_drawn=False)
        with refusal(ErrorCode.PERMISSION_MISSING):
            house.signing.signer(uow, ZHAO, LI.user_id)
        with refusal(ErrorCode.INVALID):
            house.signing.set_picture(uow, LI, 0, b"no picture", is_drawn=False)
        with refusal(ErrorCode.TOO_LARGE):
            house.signing.set_picture(uow, LI, 0, bytes(3 << 20), is_drawn=False)
        assert house.signing.remove_picture(uow, LI, 0).picture is None
        assert house.signing.picture_of(uow, LI.user_id) is None
        with refusal(ErrorCode.NOT_FOUND):
            house.signing.remove_picture(uow, LI, 0)


def test_the_administrator_sees_who_signs_with_what_and_says_why(house: SigningWorld) -> None:
    picture = as_file(a_signature())
    with house.database.write() as uow:
        assert {row.state for row in house.signing.signers(uow)} == {SignerState.NONE}
        assert ADMINISTRATOR.user_id not in {row.account_id for row in house.signing.signers(uow)}
        for reason in ("", " ", "长" * 201):
            with refusal(ErrorCode.INVALID):
                house.signing.set_picture(uow, ADMINISTRATOR, LI.user_id, picture, is_drawn=False, reason=reason)
        house.signing.set_picture(uow, ADMINISTRATOR, LI.user_id, picture, is_drawn=False, reason="纸上签名扫描")
        with refusal(ErrorCode.INVALID):
            house.signing.remove_picture(uow, ADMINISTRATOR, LI.user_id)
    with house.database.write() as uow:
        row = next(row for row in house.signing.signers(uow) if row.account_id == LI.user_id)
        assert (row.picture_version, row.picture_set_by, row.certificate) == (1, "管理员", None)
        view = house.signing.remove_picture(uow, ADMINISTRATOR, LI.user_id, "医生已离职")
        (gone,) = view.pictures
        assert (gone.set_why, gone.removed_by, gone.removed_why) == ("纸上签名扫描", "管理员", "医生已离职")
        assert view.picture is None and gone.removed_at is not None
    report_id = house.world.report_in(S.APPROVED)
    with house.database.write() as uow:
        row = next(row for row in house.signing.signers(uow) if row.account_id == ZHAO.user_id)
        assert row.state is SignerState.VALID and row.certificate is not None and not row.certificate.is_imported
        house.signing.revoke(uow, row.certificate.id, "换证")
        row = next(row for row in house.signing.signers(uow) if row.account_id == ZHAO.user_id)
        assert row.state is SignerState.RETIRED
        assert row.certificate is not None and row.certificate.revoked_why == "换证"
        assert house.signing.check(uow, report_id, 0).is_good, "what was signed before stays valid"


def test_an_outside_certificate_that_ends_is_told_in_time(house: SigningWorld) -> None:
    certificate = CertificateRow(is_imported=True, valid_to=NOW + dt.timedelta(days=31), revoked_at=None)
    for days, state in ((0, SignerState.VALID), (2, SignerState.ENDS_SOON), (31, SignerState.EXPIRED)):
        assert state_of(certificate, NOW + dt.timedelta(days=days)) is state
    certificate.is_imported = False  # renewed by itself
    assert state_of(certificate, NOW + dt.timedelta(days=2)) is SignerState.VALID


def test_an_outside_certificate_signs_from_then_on_and_bad_files_are_refused(house: SigningWorld) -> None:
    outside = certificates.new_authority("国家 CA", NOW)
    mine = certificates.new_holder(outside, "赵主任", "zhao", "明镜医院", NOW)
    long_ago = NOW - dt.timedelta(days=800)
    expired = certificates.new_holder(
        certificates.new_authority("旧 CA", long_ago), "赵", "zhao", "", long_ago, years=1
    )
    swapped = replace(mine, private_key=expired.private_key)
    report_id = house.world.report_in(S.AUDITING)
    with house.database.write() as uow:
        for keystore, password in (
            (b"nonsense", "x"),
            (a_keystore(mine), "wrong"),
            (a_keystore(expired), "开门"),
            (a_keystore(replace(outside, chain=())), "开门"),  # an authority's key signs certificates, not reports
        ):
            with refusal(ErrorCode.INVALID):
                house.signing.import_certificate(uow, ZHAO, 0, keystore, password)
        with refusal(ErrorCode.TOO_LARGE):
            house.signing.import_certificate(uow, ZHAO, 0, bytes(70_000), "x")
        assert swapped.private_key != mine.private_key
        view = house.signing.import_certificate(uow, ZHAO, 0, a_keystore(mine), "开门")
        assert view.certificates[0].is_imported and view.certificates[0].issuer == "国家 CA 报告签名 CA"
        version = uow.session.get_one(Report, report_id).version
        house.reports.approve(uow, ZHAO, report_id, version, FULL)
        row = uow.session.get_one(DataSignature, (report_id, 1))
        sealed = uow.session.get_one(ReportEdition, (report_id, 1)).sealed
        assert check_data(sealed, row.cms, (outside.certificate,)).is_good
        assert not check_data(sealed, row.cms, (an_authority().certificate,)).is_good
        assert house.signing.check(uow, report_id, 0).is_good


def test_a_certificate_that_ran_out_keeps_from_approving_only_where_it_was_imported(house: SigningWorld) -> None:
    outside = certificates.new_authority("国家 CA", NOW)
    mine = certificates.new_holder(outside, "赵主任", "zhao", "", NOW, years=1)
    with house.database.write() as uow:
        house.signing.import_certificate(uow, ZHAO, 0, a_keystore(mine), "开门")
    approved_before = approved(house)
    house.clock.pass_time(days=400)
    report_id = house.world.report_in(S.AUDITING)
    with refusal(ErrorCode.UNAVAILABLE), house.database.write() as uow:
        house.reports.approve(uow, ZHAO, report_id, uow.session.get_one(Report, report_id).version, FULL)
    with house.database.write() as uow:
        assert uow.session.get_one(Report, report_id).state == S.AUDITING
        assert house.signing.check(uow, approved_before, 0).is_good, "what was signed in time stays good"
        mine_id = house.signing.signer(uow, ZHAO, 0).certificates[0].id
        with refusal(ErrorCode.INVALID):
            house.signing.revoke(uow, mine_id, " ")
        assert not house.signing.revoke(uow, mine_id, "已过期").certificates[0].is_present
        house.reports.approve(uow, ZHAO, report_id, uow.session.get_one(Report, report_id).version, FULL)
        assert house.signing.editions(uow, report_id)[0].signer == "赵主任"


def test_our_own_certificate_is_renewed_in_time_and_after_a_change_of_name(house: SigningWorld) -> None:
    with house.database.write() as uow:
        first, _ = house.keys.of_person(uow, 21, "zhao", "赵主任")
        again, _ = house.keys.of_person(uow, 21, "zhao", "赵主任")
        assert again.id == first.id
        renamed, identity = house.keys.of_person(uow, 21, "zhao", "赵院长")
        assert renamed.id != first.id and certificates.common_name(identity.certificate.subject) == "赵院长"
    house.clock.pass_time(days=365 * 3 - 20)
    with house.database.write() as uow:
        later, identity = house.keys.of_person(uow, 21, "zhao", "赵院长")
        assert later.id != renamed.id and not uow.session.get_one(CertificateRow, renamed.id).is_present
        identity.certificate.verify_directly_issued_by(house.keys.root(uow))


def test_private_keys_are_sealed_and_open_with_their_own_key_ring_only(house: SigningWorld) -> None:
    with house.database.write() as uow:
        row, identity = house.keys.of_person(uow, 21, "zhao", "赵主任")
        authority = uow.session.get_one(AuthorityRow, 1)
        for sealed in (row.sealed_key, authority.sealed_key, authority.sealed_clock_key):
            assert identity.private_key not in sealed and b"\x30\x81" not in sealed[:4]
        assert house.ring.open(row.sealed_key, "account 21") == identity.private_key
        with refusal(ErrorCode.UNAVAILABLE):
            house.ring.open(row.sealed_key, "account 22")
        with refusal(ErrorCode.UNAVAILABLE):
            KeyRing(bytes(KEY_BYTES)).open(row.sealed_key, "account 21")
        with refusal(ErrorCode.UNAVAILABLE):
            house.ring.open(b"", "account 21")
    with pytest.raises(ValueError, match="32 bytes"):
        KeyRing(b"short")


# ── approval, papers, editions ───────────────────────────────────────────────────────────────────────


def test_approval_signs_the_canonical_bytes_in_its_own_transaction(house: SigningWorld) -> None:
    report_id = approved(house)
    root = house.root()
    with house.database.read() as uow:
        (edition,) = house.signing.editions(uow, report_id)
        assert (edition.number, edition.kind, edition.signer, edition.is_present) == (1, "first", "赵主任", True)
        file = house.signing.export(uow, report_id, 0)
    assert file.file_name == "report-A0000001-v1.json"
    proof = check_file(file.data, root)
    assert proof.is_good and proof.sentence.startswith("VALID: 赵主任 signed report A0000001 edition 1")


def test_the_paper_is_drawn_and_signed_once_and_never_changes(house: SigningWorld) -> None:
    report_id = approved(house)
    first = house.papers.bytes_of(ZHAO, report_id, "zh")
    assert first is not None and house.papers.bytes_of(LI, report_id, "zh") == first
    assert house.printing.drawn == [(report_id, "zh")]
    assert house.papers.bytes_of(LI, report_id, "en") not in (None, first)
    assert check_file(first, house.root()).is_good
    waiting = house.world.report_in(S.SUBMITTED)
    assert house.papers.paper(LI, waiting) is None


def test_two_who_draw_at_once_keep_one_paper(house: SigningWorld) -> None:
    report_id = approved(house)
    house.papers.paper(LI, approved(house))  # the authority is there
    both = threading.Barrier(2, timeout=20)
    house.printing.before_answer = both.wait
    found: list[int | None] = []
    threads = [threading.Thread(target=lambda: found.append(house.papers.paper(LI, report_id))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 2 and len(set(found)) == 1 and found[0] is not None


def test_a_report_corrected_while_its_paper_was_drawn_keeps_none(house: SigningWorld) -> None:
    report_id = approved(house)

    def correct() -> None:
        house.printing.before_answer = None
        with house.database.write() as uow:
            version = uow.session.get_one(Report, report_id).version
            house.reports.add(uow, ZHAO, report_id, version, "补充")

    house.printing.before_answer = correct
    assert house.papers.paper(LI, report_id) is None
    assert house.papers.paper(LI, report_id) is not None


def test_addendum_and_revision_make_editions_and_the_codes_of_old_copies_say_so(house: SigningWorld) -> None:
    report_id = house.world.report_in(S.PRINTED)
    with house.database.write() as uow:
        code_1 = house.reports.verification_code(uow, report_id)
        view = house.reports.get(uow, LI, report_id)
        with refusal(ErrorCode.INVALID):
            house.reports.add(uow, ZHAO, report_id, view.version, " \n")
        with refusal(ErrorCode.INVALID):
            house.reports.revise(uow, ZHAO, report_id, view.version, "")
        with refusal(ErrorCode.CONFLICT):
            house.reports.add(uow, ZHAO, report_id, view.version - 1, "补充")
        with refusal(ErrorCode.PERMISSION_MISSING):
            house.reports.revise(uow, LI, report_id, view.version, "我想改")
        view = house.reports.add(uow, QIAN, report_id, view.version, "与旧片比较无变化。")
        assert view.row.state is S.APPROVED and view.edition == 2 and view.addenda[0].by == "钱主任"
        assert view.content.findings == FULL.findings
        code_2 = house.reports.verification_code(uow, report_id)
        assert "第 1 版" in house.reports.verify(uow, code_1) and "取代" in house.reports.verify(uow, code_1)
        assert "真实有效" in house.reports.verify(uow, code_2)
        assert house.signing.editions(uow, report_id)[0].signer == "钱主任"

        view = house.reports.revise(uow, ZHAO, report_id, view.version, "侧别写错")
        assert view.row.state is S.WRITING and view.revision_reason == "侧别写错" and view.row.was_returned
        assert "已撤回修订" in house.reports.verify(uow, code_2)
        assert house.reports.verification_code(uow, report_id) == ""
        written = house.reports.write(uow, LI, report_id)
        assert written.content == FULL
        new = changed(FULL, impression="<p>改过的诊断意见。</p>")
        submitted = house.reports.submit(uow, LI, report_id, written.version, new, "测试")
        audited = house.reports.audit(uow, ZHAO, report_id)
        assert submitted.row.state is S.SUBMITTED
        view = house.reports.approve(uow, ZHAO, report_id, audited.version, new)
        assert view.edition == 3 and view.revision_reason == "" and view.addenda == ()
        kinds = [(one.number, one.kind, one.reason) for one in house.signing.editions(uow, report_id)]
        assert kinds == [(3, "revision", "侧别写错"), (2, "addendum", ""), (1, "first", "")]
        assert all(house.signing.check(uow, report_id, number).is_good for number in (1, 2, 3))
        notes = [row.note for row in uow.session.scalars(select(ReportLog).where(ReportLog.report_id == report_id))]
        assert any("第 2 版撤回修订：侧别写错" in note for note in notes)
        assert any(note.startswith("第 3 版，封印") for note in notes)


def test_giving_a_revision_up_loses_no_approved_text(house: SigningWorld) -> None:
    report_id = approved(house)
    with house.database.write() as uow:
        view = house.reports.get(uow, LI, report_id)
        house.reports.revise(uow, ZHAO, report_id, view.version, "再看一遍")
        written = house.reports.write(uow, LI, report_id)
        saved = house.reports.save(uow, LI, report_id, written.version, changed(FULL, findings="<p>错了</p>"))
        left = house.reports.give_up(uow, LI, report_id, saved.version)
        assert left.row.state is S.AWAITING and left.content == FULL and left.revision_reason == "再看一遍"


def test_tampering_with_text_seal_or_signature_in_the_database_is_found(house: SigningWorld) -> None:
    def fresh() -> int:
        return approved(house)

    def verdict(report_id: int) -> bool:
        with house.database.read() as uow:
            return house.signing.check(uow, report_id, 0).is_good

    text, sealed, signature = fresh(), fresh(), fresh()
    assert all(map(verdict, (text, sealed, signature)))
    with house.database.write() as uow:
        uow.session.execute(update(ReportText).where(ReportText.report_id == text).values(impression="<p>没有病。</p>"))
        edition = uow.session.get_one(ReportEdition, (sealed, 1))
        edition.sealed = edition.sealed.replace("所示".encode(), "可见".encode())
        row = uow.session.get_one(DataSignature, (signature, 1))
        row.cms = uow.session.get_one(DataSignature, (text, 1)).cms
    assert not any(map(verdict, (text, sealed, signature)))


def test_what_was_approved_before_signatures_says_so(house: SigningWorld) -> None:
    report_id = approved(house)
    with house.database.write() as uow:
        uow.session.delete(uow.session.get_one(DataSignature, (report_id, 1)))
    with house.database.read() as uow:
        verdict = house.signing.check(uow, report_id, 0)
        assert verdict.is_good and "没有数字签名" in verdict.sentence
        with refusal(ErrorCode.NOT_FOUND):
            house.signing.export(uow, report_id, 0)
    assert house.papers.paper(LI, report_id) is None


# ── many at once, own reports ────────────────────────────────────────────────────────────────────────


def unchanged(house: SigningWorld, report_id: int, who: object = ZHAO, version: int | None = None) -> str:
    """Approve as it stands; the refusal's code, or the state reached."""

    def run(uow: UnitOfWork) -> str:
        number = uow.session.get_one(Report, report_id).version if version is None else version
        return str(house.reports.approve_unchanged(uow, who, report_id, number).row.state)  # type: ignore[arg-type]

    try:
        with house.database.write() as uow:
            return run(uow)
    except Refusal as refused:
        return str(refused.body.code)


def test_each_of_many_is_decided_by_itself(house: SigningWorld) -> None:
    assert unchanged(house, house.world.report_in(S.SUBMITTED)) == S.APPROVED
    for state in (S.AWAITING, S.WRITING, S.APPROVED, S.PRINTED):
        assert unchanged(house, house.world.report_in(state)) == ErrorCode.ILLEGAL_ACTION, state
    held = house.world.report_in(S.AUDITING, auditor=QIAN)
    assert unchanged(house, held) == ErrorCode.HELD_BY_OTHER
    assert unchanged(house, house.world.report_in(S.AUDITING)) == ErrorCode.ILLEGAL_ACTION, "being audited by oneself"
    own = house.world.report_in(S.SUBMITTED, writer=ZHAO)
    assert unchanged(house, own) == ErrorCode.ILLEGAL_ACTION
    assert unchanged(house, own, QIAN) == S.APPROVED
    assert unchanged(house, house.world.report_in(S.SUBMITTED), LI) == ErrorCode.PERMISSION_MISSING
    assert unchanged(house, house.world.report_in(S.SUBMITTED), version=1) == ErrorCode.CONFLICT
    elsewhere = replace(ZHAO, room_ids=frozenset({99}))
    assert unchanged(house, house.world.report_in(S.SUBMITTED), elsewhere) == ErrorCode.PERMISSION_MISSING
    critical = house.world.a_report()
    with house.database.write() as uow:
        written = house.reports.write(uow, LI, critical)
        content = changed(FULL, critical_value=CriticalValue.YES)
        house.reports.submit(uow, LI, critical, written.version, content, "测试")
    assert unchanged(house, critical) == ErrorCode.INVALID
    short = house.world.report_in(S.SUBMITTED)
    with house.database.read() as uow:
        uid = uow.session.get_one(Report, short).study_uids
    house.world.studies.states[uid] = ("short", 2)
    assert unchanged(house, short) == ErrorCode.INVALID
