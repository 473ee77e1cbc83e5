"""Use cases of cases: registering, booking, saving, moving into another library, deleting."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta

import msgspec

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, invalid, not_found, stale
from server.pathology.cases import numbers, rules
from server.pathology.cases.entries import checked, fill, write
from server.pathology.cases.facts import CaseFacts, entry_of
from server.pathology.cases.libraries import Libraries
from server.pathology.cases.ports import Contents, Hospital
from server.pathology.cases.service import CaseService
from server.pathology.cases.tables import CaseRow, ChallengeRow, LibraryRow
from shared.contract.errors import ErrorCode
from shared.contract.pathology import (
    BookCase,
    CaseEntry,
    DeletionChallenge,
    NumberAnswer,
    RegisterCase,
    SaveCase,
    TransferCase,
)
from shared.contract.pathology_technique import MAX_BATCH, BatchLine, BatchReport
from shared.domain.pathology import CaseAction, CaseFlag, CaseState, FetchBy, TrailAction

_PASSWORD_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # nothing that looks like something else
_PASSWORD_LENGTH = 6
PASSWORD_LIFE = timedelta(minutes=10)
_FLAGS_OF_ENTRY = {
    CaseFlag.URGENT: "is_urgent",
    CaseFlag.INFECTIOUS: "is_infectious",
    CaseFlag.ARREARS: "is_in_arrears",
}


class Registration:
    """From appointment to deletion."""

    def __init__(self, cases: CaseService, libraries: Libraries, contents: Contents, hospital: Hospital) -> None:
        self._cases = cases
        self._libraries = libraries
        self._contents = contents
        self._hospital = hospital

    # ── beginning ────────────────────────────────────────────────────────────────────────────────────

    def register(self, uow: UnitOfWork, caller: Caller, request: RegisterCase) -> int:
        """Make a case with its number and specimens; all of it or nothing. Returns its id."""
        library = self._libraries.row(uow, request.library_id)
        typed = numbers.typed_number(request.number) if request.number.strip() else ""
        row = self._make(uow, caller, library, request.entry, CaseState.REGISTERED)
        self._give_number(uow, row, library, typed)
        self._begun(uow, caller, row, CaseAction.REGISTER, request.station)
        if request.specimens:
            facts = self._cases.facts(uow, row.id)
            self._contents.register_specimens(uow, caller, facts, request.specimens, request.station)
        return row.id

    def book(self, uow: UnitOfWork, caller: Caller, request: BookCase) -> int:
        """Make an appointment: no number. Returns the case's id."""
        library = self._libraries.row(uow, request.library_id)
        row = self._make(uow, caller, library, request.entry, CaseState.APPOINTED)
        self._begun(uow, caller, row, CaseAction.APPOINT, "")
        return row.id

    def execute(self, uow: UnitOfWork, caller: Caller, case_ids: Sequence[int], station: str) -> BatchReport:
        """Give appointments their numbers, each by itself."""
        check_batch(case_ids)
        self._cases.lock(uow, case_ids)
        return BatchReport(lines=tuple(self._executed(uow, caller, case_id, station) for case_id in case_ids))

    def _executed(self, uow: UnitOfWork, caller: Caller, case_id: int, station: str) -> BatchLine:
        try:
            with uow.session.begin_nested():
                self._cases.step(uow, caller, case_id, CaseAction.EXECUTE, station=station)
                row = self._row(uow, case_id)
                library = self._libraries.row(uow, row.library_id)
                self._give_number(uow, row, library, "")
                now = self._cases.time.now()
                row.registered_at, row.registered_by, row.registered_by_id = now, caller.name[:80], caller.user_id
                entry = msgspec.structs.replace(entry_of(row.entry), received_at=now)
                write(uow.session, row, entry)
                self._cases.refile_flags(uow, case_id)
                return BatchLine(id=case_id, number=row.number or "", is_done=True)
        except Refusal as refusal:
            return BatchLine(id=case_id, number="", is_done=False, message=refusal.body.message)

    def _make(
        self, uow: UnitOfWork, caller: Caller, library: LibraryRow, entry: CaseEntry, state: CaseState
    ) -> CaseRow:
        now = self._cases.time.now()
        entry = checked(entry, now)
        row = CaseRow(
            version=1,
            revision=1,
            library_id=library.id,
            number=None,
            state=state.value,
            state_since=now,
            entry={},
            patient_name="",
            registered_by_id=caller.user_id,
            registered_by=caller.name[:80],
            registered_at=now,
        )
        fill(row, entry)
        uow.session.add(row)
        uow.session.flush()
        write(uow.session, row, entry)
        return row

    def _give_number(self, uow: UnitOfWork, row: CaseRow, library: LibraryRow, typed: str) -> None:
        if typed:
            numbers.take_typed(uow.session, typed, row.id)
            row.number = typed
        else:
            row.number = numbers.take_next(uow.session, library, self._cases.time.today(), row.id)
        uow.session.flush()

    def _begun(self, uow: UnitOfWork, caller: Caller, row: CaseRow, action: CaseAction, station: str) -> None:
        self._cases.add_event(
            uow, caller, row.id, action.value, after=row.state, number=row.number or "", station=station
        )
        self._flag_by_entry(uow, caller, row.id, entry_of(row.entry))
        self._cases.touch(uow, row.id)

    # ── numbers ──────────────────────────────────────────────────────────────────────────────────────

    def next_number(self, uow: UnitOfWork, library_id: int) -> NumberAnswer:
        """Return what a registration would get now."""
        library = self._libraries.row(uow, library_id)
        number = numbers.next_free(uow.session, library, self._cases.time.today())
        return NumberAnswer(number=number, is_free=True)

    def check_number(self, uow: UnitOfWork, text: str) -> NumberAnswer:
        """Say whether a typed number may be given."""
        try:
            return numbers.check(uow.session, numbers.typed_number(text))
        except Refusal as refusal:
            return NumberAnswer(number=text, is_free=False, message=refusal.body.message)

    # ── changing ─────────────────────────────────────────────────────────────────────────────────────

    def save(self, uow: UnitOfWork, caller: Caller, request: SaveCase) -> None:
        """Store the patient information page."""
        self._cases.check(uow, caller, request.case_id, CaseAction.EDIT)
        row = self._locked(uow, request.case_id, request.version)
        before = entry_of(row.entry)
        entry = checked(request.entry, self._cases.time.now())
        if request.entry.received_at is None:
            entry = msgspec.structs.replace(entry, received_at=before.received_at)
        write(uow.session, row, entry)
        row.touch()
        changed = [name for name in CaseEntry.__struct_fields__ if getattr(entry, name) != getattr(before, name)]
        self._flag_by_entry(uow, caller, row.id, entry)
        self._cases.step(uow, caller, row.id, CaseAction.EDIT, note=" ".join(changed))

    def _flag_by_entry(self, uow: UnitOfWork, caller: Caller, case_id: int, entry: CaseEntry) -> None:
        for flag, name in _FLAGS_OF_ENTRY.items():
            self._cases.set_flag(uow, caller, case_id, flag, bool(getattr(entry, name)))

    def transfer(self, uow: UnitOfWork, caller: Caller, request: TransferCase) -> None:
        """Move a case into another library; its number is renewed and the old one still leads to it (PA-AMB-05)."""
        self._cases.check(uow, caller, request.case_id, CaseAction.TRANSFER)
        library = self._libraries.row(uow, request.library_id)
        row = self._locked(uow, request.case_id, request.version)
        if row.library_id == library.id:
            raise invalid("library_id", "病例已在该病例库中，请选择另一个病例库。")
        old = row.number or ""
        numbers.make_former(uow.session, old)
        row.library_id = library.id
        self._give_number(uow, row, library, "")
        row.touch()
        self._contents.move(uow, row.id, library.id)
        self._cases.refile_flags(uow, row.id)
        note = f"{old} → {row.number} {request.reason}".strip()
        self._cases.step(uow, caller, row.id, CaseAction.TRANSFER, note=note)
        self._cases.add_event(uow, caller, row.id, TrailAction.RENUMBERED.value, number=row.number or "", note=note)

    # ── deleting ─────────────────────────────────────────────────────────────────────────────────────

    def begin_deletion(self, uow: UnitOfWork, caller: Caller, case_id: int) -> DeletionChallenge:
        """Make the random password that must be typed back."""
        self._cases.check(uow, caller, case_id, CaseAction.DELETE, self._deletion_guards(uow, case_id))
        now = self._cases.time.now()
        password = "".join(secrets.choice(_PASSWORD_LETTERS) for _ in range(_PASSWORD_LENGTH))
        row = uow.session.get(ChallengeRow, (case_id, caller.user_id))
        if row is None:
            row = ChallengeRow(case_id=case_id, user_id=caller.user_id)
            uow.session.add(row)
        row.password, row.expires_at = password, now + PASSWORD_LIFE
        uow.session.flush()
        return DeletionChallenge(case_id=case_id, password=password, expires_at=row.expires_at)

    def delete(
        self, uow: UnitOfWork, caller: Caller, case_id: int, version: int, password: str, reason: str = ""
    ) -> None:
        """Delete a case whose password was typed back."""
        self._cases.check(uow, caller, case_id, CaseAction.DELETE, self._deletion_guards(uow, case_id))
        challenge = uow.session.get(ChallengeRow, (case_id, caller.user_id), with_for_update=True)
        typed = password.strip().upper()
        right = challenge is not None and secrets.compare_digest(typed.encode(), challenge.password.encode())
        if challenge is None or not right or challenge.expires_at < self._cases.time.now():
            raise Refusal(ErrorCode.WRONG_PASSWORD, "随机密码不符或已过期，病例没有删除，请重新操作。")
        self.remove(uow, caller, case_id, version, reason)
        uow.session.delete(challenge)

    def remove(self, uow: UnitOfWork, caller: Caller, case_id: int, version: int, reason: str = "") -> None:
        """Delete a case whose deletion was confirmed: the row and its trail stay, the number becomes a gap."""
        row = self._locked(uow, case_id, version)
        number = row.number or ""
        self._cases.step(
            uow, caller, case_id, CaseAction.DELETE, self._deletion_guards(uow, case_id), note=reason or number
        )
        self._contents.end(uow, caller, case_id)
        if number:
            numbers.release(uow.session, number, keep=self._contents.bears_number(uow, case_id))
        row.number = None
        row.touch()
        self._cases.forget_flags(uow, case_id)
        uow.session.flush()

    def _deletion_guards(self, uow: UnitOfWork, case_id: int) -> rules.CaseGuards:
        return rules.CaseGuards(is_material_out=self._contents.is_out(uow, case_id))

    # ── from the hospital ────────────────────────────────────────────────────────────────────────────

    def fetch_into(self, uow: UnitOfWork, caller: Caller, case_ids: Sequence[int]) -> BatchReport:
        """Fill what is empty in many cases from the hospital's record, each by itself (PA-DX-40)."""
        check_batch(case_ids)
        self._cases.lock(uow, case_ids)
        lines = []
        for case_id in case_ids:
            try:
                with uow.session.begin_nested():
                    lines.append(self._fetched_into(uow, caller, case_id))
            except Refusal as refusal:
                lines.append(BatchLine(id=case_id, number="", is_done=False, message=refusal.body.message))
        return BatchReport(lines=tuple(lines))

    def _fetched_into(self, uow: UnitOfWork, caller: Caller, case_id: int) -> BatchLine:
        facts = self._cases.check(uow, caller, case_id, CaseAction.FETCH)
        row = self._row(uow, case_id)
        entry = facts.entry
        given = (
            (FetchBy.APPLICATION, entry.application_number),
            (FetchBy.PATIENT, entry.hospital_patient_id),
            (FetchBy.INPATIENT, entry.inpatient_number),
            (FetchBy.OUTPATIENT, entry.outpatient_number),
        )
        for by, number in given:
            found = self._hospital.fetch(uow, by, number) if number else ()
            if not found:
                continue
            if found[0].entry.patient_name != entry.patient_name:
                raise invalid("patient_name", f"按{number}查到的姓名与病例不一致，没有提取，请核对。")
            filled = _filled(entry, found[0].entry)
            if filled == entry:
                return BatchLine(id=case_id, number=facts.number, is_done=True, message="没有需要补充的内容。")
            write(uow.session, row, checked(filled, self._cases.time.now()))
            row.touch()
            self._cases.step(uow, caller, case_id, CaseAction.FETCH, note=found[0].source)
            return BatchLine(id=case_id, number=facts.number, is_done=True)
        message = "医院系统中没有查到该病人。" if any(number for _, number in given) else "病例没有可用于提取的号码。"
        return BatchLine(id=case_id, number=facts.number, is_done=False, message=message)

    # ── rows ─────────────────────────────────────────────────────────────────────────────────────────

    def _row(self, uow: UnitOfWork, case_id: int) -> CaseRow:
        row = self._cases.lock(uow, (case_id,)).get(case_id)
        if row is None:
            raise not_found("病例")
        return row

    def _locked(self, uow: UnitOfWork, case_id: int, version: int) -> CaseRow:
        row = self._row(uow, case_id)
        if row.state == CaseState.DELETED.value:
            raise not_found("病例")
        if row.version != version:
            raise stale(row.version)
        return row

    def facts_of_number(self, uow: UnitOfWork, text: str) -> CaseFacts:
        """Return the case of a typed number. Raises INVALID, NOT_FOUND."""
        number = numbers.typed_number(text)
        facts = self._cases.by_number(uow, number)
        if facts is None:
            raise Refusal(ErrorCode.NOT_FOUND, f"没有病理号为 {number} 的病例，请核对。")
        return facts


def check_batch(ids: Sequence[int]) -> None:
    """Raise INVALID for an empty batch, a too large one, or one that names something twice."""
    if not 1 <= len(ids) <= MAX_BATCH:
        raise invalid("ids", f"一次请选择 1 到 {MAX_BATCH} 项。")
    if len(set(ids)) != len(ids):
        raise invalid("ids", "选择中有重复的项目。")


def _filled(entry: CaseEntry, known: CaseEntry) -> CaseEntry:
    changes = {
        name: getattr(known, name)
        for name in CaseEntry.__struct_fields__
        if getattr(entry, name) in ("", None) and getattr(known, name) not in ("", None)
    }
    if entry.sex.value == "U":
        changes["sex"] = known.sex
    return msgspec.structs.replace(entry, **changes)
