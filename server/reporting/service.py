"""The use cases of one report: from the exam's end through writing, submission and audit to the sealed text."""

from __future__ import annotations

from datetime import datetime
from typing import NoReturn

import msgspec
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import SYSTEM, Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found
from server.reporting import rules, seal, second_reading
from server.reporting.png import why_not_png
from server.reporting.ports import Documents, Exams, Follower, Organisation, ReportStep, Studies
from server.reporting.rules import Objection
from server.reporting.settings import ReportingSettings
from server.reporting.tables import KeyImage, Measurement, Report, ReportLog, ReportReturn, ReportText
from server.reporting.worklist import Worklist
from shared.contract.base import Changed
from shared.contract.errors import ErrorCode
from shared.contract.reporting import (
    AddKeyImage,
    AddMeasurement,
    HistoryRow,
    HistoryView,
    KeyImageView,
    LogRow,
    MeasurementView,
    ReportContent,
    ReportLogView,
    ReportView,
    ReturnView,
    VersionRow,
)
from shared.domain.rich_text import plain, sanitised
from shared.domain.states import CriticalValue, HpResult, ReportAction, ReportState

_MOST_HISTORY = 50
_SCORES = ("", "甲", "乙", "丙", "丁")


class ReportService:
    """Makes reports and leads them through their states; every method works in the caller's unit of work."""

    def __init__(
        self,
        exams: Exams,
        studies: Studies,
        organisation: Organisation,
        documents: Documents,
        worklist: Worklist,
        time: HospitalTime,
        settings: ReportingSettings | None = None,
    ) -> None:
        self._exams = exams
        self._studies = studies
        self._organisation = organisation
        self._documents = documents
        self._worklist = worklist
        self._time = time
        self._settings = settings or ReportingSettings()
        self._followers: list[Follower] = []

    def follow(self, follower: Follower) -> None:
        """Call `follower` at each step of each report; bootstrap does this once per area that wants to know."""
        self._followers.append(follower)

    # ── called by the exams area ─────────────────────────────────────────────────────────────────────

    def ensure_report(self, uow: UnitOfWork, exam_id: int) -> None:
        """Make the one report of an exam (RIS-RSM-01), or refresh the facts of the one there is."""
        report = self._of_exam(uow, exam_id)
        if report is not None:
            self._refresh(uow, report)
            return
        report = Report(exam_id=exam_id, state=ReportState.AWAITING, version=1, created_at=self._time.now())
        self._copy_facts(uow, report)
        try:
            with uow.session.begin_nested():
                uow.session.add(report)
        except IntegrityError:  # another node made it in this moment
            return
        self._log(uow, report, SYSTEM, "created", "", "")
        self._moved(uow, report)

    def report_of(self, uow: UnitOfWork, exam_id: int) -> int | None:
        """Return the id of an exam's report, None before there is one."""
        report = self._of_exam(uow, exam_id)
        return None if report is None else report.id

    def exam_changed(self, uow: UnitOfWork, exam_id: int) -> None:
        """Copy the facts of an exam (patient, room, images) again, if it has a report."""
        report = self._of_exam(uow, exam_id)
        if report is not None:
            self._refresh(uow, report)

    @staticmethod
    def _of_exam(uow: UnitOfWork, exam_id: int) -> Report | None:
        return uow.session.scalar(select(Report).where(Report.exam_id == exam_id))

    def _refresh(self, uow: UnitOfWork, report: Report) -> None:
        self._copy_facts(uow, report)
        if uow.session.is_modified(report):
            self._tell(uow, report)

    def _copy_facts(self, uow: UnitOfWork, report: Report) -> None:
        view = self._exams.view(_only_reading(uow), SYSTEM, report.exam_id)
        studies = self._studies.list_exam_studies(uow, report.exam_id)
        row = view.row
        facts: dict[str, object] = {
            "priority": rules.PRIORITY[row.patient_type],
            "exam_state": str(row.state),
            "accession_number": row.accession_number,
            "image_number": row.image_number,
            "patient_id": row.patient_id,
            "patient_number": row.patient_number,
            "patient_name": row.patient_name,
            "search_name": _search_name(row.patient_name, view.patient.pinyin.lower()),
            "sex": str(row.sex),
            "age": row.age,
            "patient_type": str(row.patient_type),
            "exam_type": row.exam_type,
            "campus_id": row.campus_id,
            "room_id": row.room_id,
            "room_name": row.room_name,
            "body_part": row.body_part[:200],
            "items": row.items[:1000],
            "examined_at": view.finished_at or view.started_at or row.planned_at,
            "registered_by": view.registered_by,
            "requesting_doctor": view.requester.doctor,
            "requesting_department": view.requester.department,
            "requested_at": view.requester.requested_at,
            "study_uids": "\n".join(study.study_uid for study in studies),
            "image_count": sum(study.instance_count for study in studies),
        }
        for name, value in facts.items():
            if getattr(report, name) != value:
                setattr(report, name, value)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────

    def get(self, uow: UnitOfWork, caller: Caller, report_id: int) -> ReportView:
        """Return a report for reading."""
        report = uow.session.get(Report, report_id)
        if report is None:
            raise not_found("报告")
        return self._view(uow, caller, report)

    def history(self, uow: UnitOfWork, exam_id: int) -> HistoryView:
        """Return the patient's other exams and those of namesakes, newest first (RIS-RPB-01, -02)."""
        report = self._of_exam(uow, exam_id)
        if report is None:
            raise not_found("报告")
        same = (Report.patient_id == report.patient_id) & (Report.id != report.id)
        namesakes = (Report.patient_name == report.patient_name) & (Report.patient_id != report.patient_id)
        return HistoryView(
            earlier=self._history_rows(uow, same),
            namesakes=self._history_rows(uow, namesakes),
        )

    def _history_rows(self, uow: UnitOfWork, where: object) -> tuple[HistoryRow, ...]:
        statement = (
            select(Report, ReportText)
            .outerjoin(ReportText, (ReportText.report_id == Report.id) & (ReportText.number == Report.text_number))
            .where(where)  # type: ignore[arg-type]  # a boolean clause of either kind
            .order_by(Report.examined_at.desc())
            .limit(_MOST_HISTORY)
        )
        return tuple(
            HistoryRow(
                exam_id=report.exam_id,
                report_id=report.id,
                accession_number=report.accession_number,
                patient_id=report.patient_id,
                patient_name=report.patient_name,
                exam_type=report.exam_type,
                items=report.items,
                examined_at=report.examined_at,
                report_state=ReportState(report.state),
                impression=text.impression if text else "",
                findings=text.findings if text else "",
                study_uids=tuple(report.study_uids.split()),
            )
            for report, text in uow.session.execute(statement)
        )

    def log(self, uow: UnitOfWork, report_id: int) -> ReportLogView:
        """Return the operation log, newest first, and every kept text, oldest first."""
        if uow.session.get(Report, report_id) is None:
            raise not_found("报告")
        rows = uow.session.scalars(
            select(ReportLog).where(ReportLog.report_id == report_id).order_by(ReportLog.id.desc())
        )
        texts = uow.session.scalars(
            select(ReportText).where(ReportText.report_id == report_id).order_by(ReportText.number)
        )
        return ReportLogView(
            rows=tuple(
                LogRow(
                    at=row.at,
                    by=row.by,
                    action=row.action,
                    from_state=row.from_state,
                    to_state=row.to_state,
                    note=row.note,
                )
                for row in rows
            ),
            versions=tuple(
                VersionRow(version=text.number, at=text.at, by=text.by, content=_content(text)) for text in texts
            ),
        )

    # ── the life of a report ─────────────────────────────────────────────────────────────────────────

    def write(self, uow: UnitOfWork, caller: Caller, report_id: int) -> ReportView:
        """Enter to write: lock, 诊断中, 诊断医生 = caller (RIS-LCK-03, -06)."""
        report = self._for_action(uow, caller, report_id, ReportAction.WRITE)
        if not (report.holder_id == caller.user_id and report.state == ReportState.WRITING):
            report.diagnosing_id, report.diagnosing_doctor = caller.user_id, caller.name
            self._enter(uow, caller, report, ReportAction.WRITE)
        report.lock_seen_at = self._time.now()
        return self._view(uow, caller, report)

    def audit(self, uow: UnitOfWork, caller: Caller, report_id: int) -> ReportView:
        """Enter to audit: lock, 审核中, 审核医生 = caller (RIS-LCK-14, -15)."""
        report = self._for_action(uow, caller, report_id, ReportAction.AUDIT)
        if not (report.holder_id == caller.user_id and report.state == ReportState.AUDITING):
            report.auditing_id, report.auditing_doctor = caller.user_id, caller.name
            is_own = report.diagnosing_id == caller.user_id
            self._enter(uow, caller, report, ReportAction.AUDIT, "本人报告的例外审核" if is_own else "")
        report.lock_seen_at = self._time.now()
        return self._view(uow, caller, report)

    def save(
        self,
        uow: UnitOfWork,
        caller: Caller,
        report_id: int,
        version: int,
        content: ReportContent,
        *,
        is_automatic: bool = False,
    ) -> ReportView:
        """Keep the text; the holder's heartbeat as well."""
        report = self._for_action(uow, caller, report_id, ReportAction.SAVE)
        report.expect(version)
        if self._keep_text(uow, caller, report, content, is_automatic=is_automatic):
            self._go(uow, caller, report, ReportAction.SAVE)
        report.lock_seen_at = self._time.now()
        return self._view(uow, caller, report)

    def submit(
        self,
        uow: UnitOfWork,
        caller: Caller,
        report_id: int,
        version: int,
        content: ReportContent,
        overrule_reason: str = "",
        *,
        missing_acknowledged: bool = False,
    ) -> ReportView:
        """Hand the written report to the auditors; frees the lock (RIS-RSM-10)."""
        report = self._for_action(uow, caller, report_id, ReportAction.SUBMIT)
        report.expect(version)
        content = self._clean(content)
        self._demand_complete(uow, report, content)
        doubts = second_reading.doubts(uow, report, content)
        if doubts and not overrule_reason.strip():
            raise invalid("overrule_reason", "".join(doubts) + "请修改，或填写理由后继续提交。")
        missing = self._worklist.images_of(uow, [report])[report.id].missing
        if missing and not missing_acknowledged:
            raise invalid("missing_acknowledged", f"影像不全：还缺 {missing} 幅。请等待影像到齐，或确认后仍然提交。")
        self._keep_text(uow, caller, report, content, is_automatic=False)
        self._settle_attachments(uow, report)
        report.submitted_number = report.text_number
        report.diagnosed_at = self._time.now()
        report.was_returned = False
        self._free(report)
        note = f"忽略提示：{''.join(doubts)}理由：{overrule_reason.strip()}" if doubts else ""
        if missing:
            note += f"{'；' if note else ''}提交时影像缺 {missing} 幅，医生已确认"
        self._go(uow, caller, report, ReportAction.SUBMIT, note)
        return self._view(uow, caller, report)

    def approve(
        self, uow: UnitOfWork, caller: Caller, report_id: int, version: int, content: ReportContent
    ) -> ReportView:
        """Settle the auditor's text and seal it (RIS-RSM-14, RIS-EX-10)."""
        report = self._for_action(uow, caller, report_id, ReportAction.APPROVE)
        report.expect(version)
        content = self._clean(content)
        self._demand_complete(uow, report, content)
        self._keep_text(uow, caller, report, content, is_automatic=False)
        self._settle_attachments(uow, report)
        report.approved_at = self._time.now()
        self._free(report)
        report.sealed = self._canonical(uow, report, report.approved_at)
        report.seal = seal.seal_of(report.sealed)
        self._go(uow, caller, report, ReportAction.APPROVE, f"封印 {report.seal[:16]}")
        return self._view(uow, caller, report)

    def reject(self, uow: UnitOfWork, caller: Caller, report_id: int, version: int, reason: str) -> ReportView:
        """Return the report to the diagnosing doctor with a reason (RIS-RSM-16)."""
        report = self._for_action(uow, caller, report_id, ReportAction.REJECT)
        report.expect(version)
        reason = reason.strip()
        if not 1 <= len(reason) <= 1000:
            raise invalid("reason", "请填写退回理由（1 到 1000 个字）。")
        uow.session.add(ReportReturn(report_id=report.id, at=self._time.now(), by=caller.name, reason=reason))
        self._settle_attachments(uow, report)
        report.was_returned = True
        self._free(report)
        self._go(uow, caller, report, ReportAction.REJECT, reason)
        return self._view(uow, caller, report)

    def give_up(self, uow: UnitOfWork, caller: Caller, report_id: int, version: int) -> ReportView:
        """放弃: the writer's report is empty and 待诊断 again, the auditor's is as it was submitted (RIS-OPN-07)."""
        report = self._for_action(uow, caller, report_id, ReportAction.GIVE_UP)
        report.expect(version)
        if report.state == ReportState.AUDITING:
            self._restore_submitted(uow, caller, report)
            report.auditing_id, report.auditing_doctor = 0, ""
        else:
            self._keep_text(uow, caller, report, ReportContent(), is_automatic=False)
            for attached in self._attached(uow, report):
                attached.is_removed = True
            report.diagnosing_id, report.diagnosing_doctor, report.was_returned = 0, "", False
        self._free(report)
        self._go(uow, caller, report, ReportAction.GIVE_UP)
        return self._view(uow, caller, report)

    def unlock(self, uow: UnitOfWork, caller: Caller, report_id: int) -> ReportView:
        """Free the lock, text untouched; the holder learns by notice who did it (RIS-LCK-07, RIS-OPN-15)."""
        report = self._for_action(uow, caller, report_id, ReportAction.UNLOCK)
        holder = report.holder_name
        self._free(report)
        report.unlocked_by = caller.name
        self._log(uow, report, caller, ReportAction.UNLOCK, report.state, f"持有者：{holder}")
        self._tell(uow, report)
        return self._view(uow, caller, report)

    def renew_lock(self, uow: UnitOfWork, caller: Caller, report_id: int) -> None:
        """The holder is still there."""
        report = self._locked_row(uow, report_id)
        self._demand_lock(report, caller)
        report.lock_seen_at = self._time.now()

    # ── pictures and measurements ────────────────────────────────────────────────────────────────────

    def add_key_image(self, uow: UnitOfWork, caller: Caller, request: AddKeyImage) -> ReportView:
        """Keep a picture with the report that the caller holds."""
        report = self._for_action(uow, caller, request.report_id, ReportAction.SAVE)
        limit = self._settings.key_image_limit_bytes
        if len(request.png) > limit:
            raise Refusal(ErrorCode.TOO_LARGE, f"关键图不能超过 {limit // (1024 * 1024)} MB，请缩小后再发送。")
        why = why_not_png(request.png)
        if why:
            raise invalid("png", why)
        if request.frame < 1 or not all(
            0 < len(uid) <= 64 for uid in (request.study_uid, request.series_uid, request.instance_uid)
        ):
            raise invalid("instance_uid", "关键图必须说明来自哪一幅影像。")
        if len(self._images(uow, report)) >= self._settings.key_images_per_report:
            raise invalid("png", f"一份报告最多 {self._settings.key_images_per_report} 幅关键图，请先移除几幅。")
        document_id = self._documents.keep(
            uow, kind="key_image", media_type="image/png", data=request.png, subject_id=report.id
        )
        image = KeyImage(
            report_id=report.id,
            study_uid=request.study_uid,
            series_uid=request.series_uid,
            instance_uid=request.instance_uid,
            frame=request.frame,
            caption=request.caption.strip()[:400],
            document_id=document_id,
            is_audit_addition=report.state == ReportState.AUDITING,
        )
        uow.session.add(image)
        return self._attached_changed(uow, caller, report, "key_image_added", image.caption)

    def remove_key_image(self, uow: UnitOfWork, caller: Caller, report_id: int, key_image_id: int) -> ReportView:
        """Take a picture out of the report that the caller holds."""
        report = self._for_action(uow, caller, report_id, ReportAction.SAVE)
        image = uow.session.get(KeyImage, key_image_id)
        if image is None or image.report_id != report.id or image.is_removed:
            raise not_found("关键图")
        image.is_removed = True
        image.is_audit_removal = report.state == ReportState.AUDITING
        return self._attached_changed(uow, caller, report, "key_image_removed", image.caption)

    def add_measurement(self, uow: UnitOfWork, caller: Caller, request: AddMeasurement) -> ReportView:
        """Keep a measurement with the report that the caller holds."""
        report = self._for_action(uow, caller, request.report_id, ReportAction.SAVE)
        if not abs(request.value) < 1e12:  # also refuses NaN
            raise invalid("value", "测量值必须是有限的数。")
        uow.session.add(
            Measurement(
                report_id=report.id,
                instance_uid=request.instance_uid[:64],
                frame=request.frame,
                label=request.label.strip()[:200],
                value=request.value,
                unit=request.unit.strip()[:16],
                is_audit_addition=report.state == ReportState.AUDITING,
            )
        )
        return self._attached_changed(uow, caller, report, "measurement_added", request.label.strip()[:200])

    def _attached_changed(self, uow: UnitOfWork, caller: Caller, report: Report, action: str, note: str) -> ReportView:
        report.lock_seen_at = self._time.now()
        self._log(uow, report, caller, action, report.state, note)
        self._tell(uow, report)
        uow.session.flush()
        return self._view(uow, caller, report)

    # ── called by the printing area ──────────────────────────────────────────────────────────────────

    def demand_printable(self, uow: UnitOfWork, caller: Caller, report_id: int) -> ReportView:
        """Return the report, or refuse when it is not approved or the caller may not print (RIS-PRT-06)."""
        report = uow.session.get(Report, report_id)
        if report is None:
            raise not_found("报告")
        self._demand(report, caller, ReportAction.PRINT)
        return self._view(uow, caller, report)

    def printed(self, uow: UnitOfWork, caller: Caller, report_id: int) -> ReportView:
        """Count a print; the state becomes 已打印 (RIS-RSM-21, -22)."""
        report = self._for_action(uow, caller, report_id, ReportAction.PRINT)
        report.print_count += 1
        self._go(uow, caller, report, ReportAction.PRINT, f"第 {report.print_count} 次")
        return self._view(uow, caller, report)

    def verification_code(self, uow: UnitOfWork, report_id: int) -> str:
        """Return the code for the printed copy; empty before approval."""
        report = uow.session.get(Report, report_id)
        return seal.verification_code(report.id, report.seal) if report is not None and report.seal else ""

    def verify(self, uow: UnitOfWork, code: str) -> str:
        """Return a sentence that says whether the printed copy with this code is genuine; names no patient."""
        parsed = seal.parsed_code(code)
        if parsed is None:
            return "这不是明镜报告的验证码。"
        report = uow.session.get(Report, parsed[0])
        if report is None or not report.seal or report.approved_at is None:
            return "没有与此验证码对应的已审核报告。"
        if not report.seal.startswith(parsed[1]):
            return "验证码与报告封印不符：这份打印件与系统中的报告不一致。"
        if seal.seal_of(report.sealed) != report.seal or not self._is_unchanged(uow, report):
            return "警告：系统中的报告内容与审核时的封印不符，请联系影像科。"
        when = self._time.local(report.approved_at).strftime("%Y-%m-%d %H:%M")
        who = f"{when} 由 {report.auditing_doctor} 审核通过"
        return f"报告真实有效：检查号 {report.accession_number}，{who}，内容未被改动。"

    # ── beneath ──────────────────────────────────────────────────────────────────────────────────────

    def _locked_row(self, uow: UnitOfWork, report_id: int) -> Report:
        report = uow.session.get(Report, report_id, with_for_update=True, populate_existing=True)
        if report is None:
            raise not_found("报告")
        return report

    def _for_action(self, uow: UnitOfWork, caller: Caller, report_id: int, action: ReportAction) -> Report:
        """Return the row, locked after its exam: the exams area holds the exam when it tells us of a change."""
        exam_id = uow.session.scalar(select(Report.exam_id).where(Report.id == report_id))
        if exam_id is None:
            raise not_found("报告")
        self._exams.lock(uow, exam_id)
        report = self._locked_row(uow, report_id)
        self._demand(report, caller, action)
        return report

    def _demand(self, report: Report, caller: Caller, action: ReportAction) -> None:
        objection = rules.objection(self._worklist.standing(report, caller), action)
        if objection is not None:
            self._refuse(report, objection, action)

    def _refuse(self, report: Report, objection: Objection, action: ReportAction) -> NoReturn:
        state = rules.STATE_WORDS[ReportState(report.state)]
        word = rules.ACTION_WORDS[action]
        if objection is Objection.PERMISSION:
            raise Refusal(ErrorCode.PERMISSION_MISSING, f"您没有“{word}”的权限，请联系管理员。")
        if objection is Objection.HELD_BY_OTHER:
            raise Refusal(
                ErrorCode.HELD_BY_OTHER,
                f"报告正由{report.holder_name}编辑，如需进入请先解锁。",
                holder=report.holder_name,
                state=report.state,
            )
        if objection is Objection.LOCK_LOST:
            by = f"（{report.unlocked_by}解锁）" if report.unlocked_by else ""
            raise Refusal(
                ErrorCode.HELD_BY_OTHER, f"您已不再持有此报告的锁{by}，请重新进入后再试。", state=report.state
            )
        reasons: dict[Objection, str] = {
            Objection.STATE: f"报告现在是“{state}”，不能{word}，请刷新。",
            Objection.NOT_LOCKED: "报告没有被锁定，可以直接进入。",
            Objection.OWN_REPORT: "不能审核本人书写的报告，请由另一位医生审核。",
            Objection.NO_IMAGES: "此检查还没有影像。",
        }
        raise illegal_action(report.state, reasons[objection])

    def _demand_lock(self, report: Report, caller: Caller) -> None:
        if report.holder_id != caller.user_id or caller.user_id == 0:
            held = self._worklist.standing(report, caller).is_held_by_other
            self._refuse(report, Objection.HELD_BY_OTHER if held else Objection.LOCK_LOST, ReportAction.SAVE)

    def _enter(self, uow: UnitOfWork, caller: Caller, report: Report, action: ReportAction, note: str = "") -> None:
        self._copy_facts(uow, report)
        if report.holder_id not in (0, caller.user_id):
            note = f"接替空闲超时的{report.holder_name}。{note}"
        report.holder_id, report.holder_name = caller.user_id, caller.name
        self._go(uow, caller, report, action, note)

    def _go(self, uow: UnitOfWork, caller: Caller, report: Report, action: ReportAction, note: str = "") -> None:
        """Move along the table, count, log, tell."""
        before = report.state
        report.state = rules.TABLE[(ReportState(before), action)].next_state
        if report.state != before or action is ReportAction.SAVE:
            report.touch()
        if not (action is ReportAction.SAVE and self._is_automatic(uow, report)):
            self._log(uow, report, caller, action, before, note)
        if report.state != before:
            self._moved(uow, report)
        else:
            self._tell(uow, report)
        step = ReportStep(report.id, report.exam_id, action, ReportState(before), ReportState(report.state))
        for follower in self._followers:
            follower(uow, caller, step)

    def _moved(self, uow: UnitOfWork, report: Report) -> None:
        uow.session.flush()
        self._exams.report_moved(uow, report.exam_id, report.id, ReportState(report.state))
        self._tell(uow, report)

    @staticmethod
    def _tell(uow: UnitOfWork, report: Report) -> None:
        uow.publish(Changed(entity="report", id=report.id, version=report.version))

    @staticmethod
    def _free(report: Report) -> None:
        report.holder_id, report.holder_name, report.lock_seen_at = 0, "", None

    def _log(self, uow: UnitOfWork, report: Report, caller: Caller, action: str, from_state: str, note: str) -> None:
        uow.session.add(
            ReportLog(
                report_id=report.id,
                at=self._time.now(),
                by_id=caller.user_id,
                by=caller.name,
                action=str(action),
                from_state=str(from_state),
                to_state=str(report.state),
                note=note,
            )
        )

    # ── text ─────────────────────────────────────────────────────────────────────────────────────────

    def _clean(self, content: ReportContent) -> ReportContent:
        limit = self._settings.text_limit
        for field, text in (("findings", content.findings), ("impression", content.impression)):
            if len(text) > limit:
                raise invalid(field, f"内容太长，最多 {limit} 个字符，请删减。")
        for field, score in (("image_quality", content.image_quality), ("report_quality", content.report_quality)):
            if score not in _SCORES and not (score.isascii() and score.isdigit() and int(score) <= 100):
                raise invalid(field, "评分请选甲、乙、丙、丁，或 0 到 100。")
        return msgspec.structs.replace(
            content, findings=sanitised(content.findings), impression=sanitised(content.impression)
        )

    def _demand_complete(self, uow: UnitOfWork, report: Report, content: ReportContent) -> None:
        if not plain(content.findings):
            raise invalid("findings", "请填写影像所见。")
        if not plain(content.impression):
            raise invalid("impression", "请填写诊断意见。")
        if content.critical_value is CriticalValue.UNSET:
            raise invalid("critical_value", "请选择危急值。")
        if content.hp is HpResult.UNSET and self._hp_required(uow, report):
            raise invalid("hp", "请选择 HP。")

    def _hp_required(self, uow: UnitOfWork, report: Report) -> bool:
        exam_type = self._organisation.hospital(uow).exam_types.get(report.exam_type)
        return exam_type is not None and exam_type.hp_required

    def _text(self, uow: UnitOfWork, report: Report, number: int | None = None) -> ReportText | None:
        return uow.session.get(ReportText, (report.id, report.text_number if number is None else number))

    def _is_automatic(self, uow: UnitOfWork, report: Report) -> bool:
        text = self._text(uow, report)
        return text is not None and text.is_automatic

    def _keep_text(
        self, uow: UnitOfWork, caller: Caller, report: Report, content: ReportContent, *, is_automatic: bool
    ) -> bool:
        """Keep `content` as the present text and return whether that changed anything."""
        content = self._clean(content)
        present = self._text(uow, report)
        if present is not None and _content(present) == content:
            if present.is_automatic and not is_automatic:
                present.is_automatic = False
                return True
            return False
        if present is None and content == ReportContent():
            return False
        values = _values(content)
        if present is not None and present.is_automatic and is_automatic and present.by_id == caller.user_id:
            for name, value in values.items():
                setattr(present, name, value)
            present.at = self._time.now()
            return True
        number = 1 + (
            uow.session.scalar(
                select(func.coalesce(func.max(ReportText.number), 0)).where(ReportText.report_id == report.id)
            )
            or 0
        )
        uow.session.add(
            ReportText(
                report_id=report.id,
                number=number,
                at=self._time.now(),
                by_id=caller.user_id,
                by=caller.name,
                is_automatic=is_automatic,
                **values,
            )
        )
        report.text_number = number
        uow.session.flush()
        return True

    def _restore_submitted(self, uow: UnitOfWork, caller: Caller, report: Report) -> None:
        submitted = self._text(uow, report, report.submitted_number)
        content = _content(submitted) if submitted else ReportContent()
        self._keep_text(uow, caller, report, content, is_automatic=False)
        for attached in self._attached(uow, report, with_removed=True):
            if attached.is_audit_addition:
                attached.is_removed = True
            elif attached.is_audit_removal:
                attached.is_removed = False
            attached.is_audit_addition = attached.is_audit_removal = False

    # ── attachments ──────────────────────────────────────────────────────────────────────────────────

    def _images(self, uow: UnitOfWork, report: Report) -> list[KeyImage]:
        return list(
            uow.session.scalars(
                select(KeyImage)
                .where(KeyImage.report_id == report.id, KeyImage.is_removed.is_(False))
                .order_by(KeyImage.id)
            )
        )

    def _measurements(self, uow: UnitOfWork, report: Report) -> list[Measurement]:
        return list(
            uow.session.scalars(
                select(Measurement)
                .where(Measurement.report_id == report.id, Measurement.is_removed.is_(False))
                .order_by(Measurement.id)
            )
        )

    def _attached(self, uow: UnitOfWork, report: Report, *, with_removed: bool = False) -> list[KeyImage | Measurement]:
        found: list[KeyImage | Measurement] = []
        for table in (KeyImage, Measurement):
            statement = select(table).where(table.report_id == report.id)
            if not with_removed:
                statement = statement.where(table.is_removed.is_(False))
            found += uow.session.scalars(statement)
        return found

    def _settle_attachments(self, uow: UnitOfWork, report: Report) -> None:
        for attached in self._attached(uow, report, with_removed=True):
            attached.is_audit_addition = attached.is_audit_removal = False

    # ── seal and view ────────────────────────────────────────────────────────────────────────────────

    def _canonical(self, uow: UnitOfWork, report: Report, at: datetime) -> bytes:
        text = self._text(uow, report)
        return seal.canonical(
            {
                "report": report.id,
                "accession_number": report.accession_number,
                "patient_number": report.patient_number,
                "patient_name": report.patient_name,
                "text_version": report.text_number,
                "diagnosing_doctor": report.diagnosing_doctor,
                "auditing_doctor": report.auditing_doctor,
                "approved_at": at.isoformat(),
                "key_images": [self._documents.sha256(uow, image.document_id) for image in self._images(uow, report)],
                "measurements": [f"{m.label}={m.value!r} {m.unit}" for m in self._measurements(uow, report)],
                **(_values(_content(text)) if text else {}),
            }
        )

    def _is_unchanged(self, uow: UnitOfWork, report: Report) -> bool:
        sealed = msgspec.json.decode(report.sealed, type=dict[str, object])
        text = self._text(uow, report)
        present: dict[str, object] = {
            **(_values(_content(text)) if text else {}),
            "key_images": [self._documents.sha256(uow, image.document_id) for image in self._images(uow, report)],
            "text_version": report.text_number,
        }
        return all(sealed.get(name) == value for name, value in present.items())

    def _view(self, uow: UnitOfWork, caller: Caller, report: Report) -> ReportView:
        exam = self._exams.view(_only_reading(uow), caller, report.exam_id)
        text = self._text(uow, report)
        row = self._worklist.row(report, caller, self._worklist.images_of(uow, [report])[report.id])
        returns = uow.session.scalars(
            select(ReportReturn).where(ReportReturn.report_id == report.id).order_by(ReportReturn.id)
        )
        return ReportView(
            row=row,
            version=report.version,
            allowed=row.allowed,
            exam=exam,
            content=_content(text) if text else ReportContent(),
            hp_required=self._hp_required(uow, report),
            key_images=tuple(
                KeyImageView(
                    id=image.id,
                    study_uid=image.study_uid,
                    series_uid=image.series_uid,
                    instance_uid=image.instance_uid,
                    frame=image.frame,
                    caption=image.caption,
                    document_id=image.document_id,
                )
                for image in self._images(uow, report)
            ),
            measurements=tuple(
                MeasurementView(
                    id=m.id, instance_uid=m.instance_uid, frame=m.frame, label=m.label, value=m.value, unit=m.unit
                )
                for m in self._measurements(uow, report)
            ),
            returns=tuple(ReturnView(at=one.at, by=one.by, reason=one.reason) for one in returns),
            approved_at=report.approved_at,
            print_count=report.print_count,
            unlocked_by=report.unlocked_by,
            seal=report.seal,
            text_version=report.text_number,
        )


def _only_reading(uow: UnitOfWork) -> UnitOfWork:
    """The same transaction without a writer's row locks: showing an exam must not wait for the clerk who edits it."""
    return UnitOfWork(uow.session, is_writer=False)


def _content(text: ReportText) -> ReportContent:
    return ReportContent(
        findings=text.findings,
        impression=text.impression,
        critical_value=CriticalValue(text.critical_value),
        hp=HpResult(text.hp),
        image_quality=text.image_quality,
        report_quality=text.report_quality,
    )


def _values(content: ReportContent) -> dict[str, str]:
    return {
        "findings": content.findings,
        "impression": content.impression,
        "critical_value": str(content.critical_value),
        "hp": str(content.hp),
        "image_quality": content.image_quality,
        "report_quality": content.report_quality,
    }


def _search_name(name: str, pinyin: str) -> str:
    """Return what the name filter searches: the name, its pinyin and their initials ("张三丰|zhangsanfeng|zsf")."""
    from pypinyin import lazy_pinyin

    syllables = [syllable.lower() for syllable in lazy_pinyin(name)]
    given = "".join(letter for letter in pinyin if letter.isalnum())
    return "|".join((name.lower(), "".join(syllables), "".join(s[0] for s in syllables if s), given))[:300]
