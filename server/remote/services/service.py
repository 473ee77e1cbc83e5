"""Use cases of assisted reading: configure, order, carry out, cancel."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from html import escape
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import select

from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import illegal_action, invalid, not_found
from server.kernel.jobs.queue import enqueue
from server.kernel.jobs.runner import JobContext, JobFailed, JobRetry
from server.remote.services.ports import Exams, Images, JsonServices, ServiceTrouble
from server.remote.services.tables import RemoteOrderRow, RemoteServiceRow
from shared.contract.base import Changed
from shared.contract.remote_services import (
    AssistOrder,
    AssistService,
    OrderService,
    OrderState,
    ServiceAnswer,
    ServiceCall,
    ServiceKind,
)

JOB = "remote_order"
_ASK_AGAIN_S = 5.0
_LONGEST = 20_000
_KEY = re.compile(r"^[a-z][a-z0-9_]{0,39}$")
_FILE = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
_RUNNING = (OrderState.WAITING.value, OrderState.WORKING.value)


class AssistedReading:
    """Requests to services; but for `perform` every method works in the caller's unit of work."""

    def __init__(self, exams: Exams, images: Images, json: JsonServices, time: HospitalTime) -> None:
        self._exams = exams
        self._images = images
        self._json = json
        self._time = time

    # ── services ─────────────────────────────────────────────────────────────────────────────────────

    def services(self, uow: UnitOfWork, exam_type: str = "") -> tuple[AssistService, ...]:
        """Return the services by name; for an exam type the active ones that read it."""
        found = uow.session.scalars(select(RemoteServiceRow).order_by(RemoteServiceRow.name, RemoteServiceRow.id))
        listed = tuple(_service(row) for row in found)
        if not exam_type:
            return listed
        return tuple(one for one in listed if one.is_active and (not one.exam_types or exam_type in one.exam_types))

    def save(self, uow: UnitOfWork, wanted: AssistService) -> AssistService:
        """Add or change a service. Raises INVALID, CONFLICT, NOT_FOUND."""
        self._check(uow, wanted)
        row = uow.session.get(RemoteServiceRow, wanted.id) if wanted.id else RemoteServiceRow(version=0)
        if row is None:
            raise not_found("辅助阅片服务")
        if wanted.id:
            row.expect(wanted.version)
        row.name, row.is_active, row.body = wanted.name.strip(), wanted.is_active, msgspec.json.encode(wanted)
        row.touch()
        uow.session.add(row)
        uow.session.flush()
        return _service(row)

    def _check(self, uow: UnitOfWork, wanted: AssistService) -> None:
        if not 1 <= len(wanted.name.strip()) <= 100:
            raise invalid("name", "请填写服务名称，最多 100 字。")
        parts = urlsplit(wanted.url)
        if wanted.kind is ServiceKind.JSON and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise invalid("url", "请填写服务的地址，如 https://ai.example.cn/orders。")
        if wanted.token_file and not _FILE.match(wanted.token_file):
            raise invalid("token_file", "令牌文件只写文件名，文件放在服务器的 secrets 目录。")
        if wanted.kind is ServiceKind.DICOM and not wanted.target_id:
            raise invalid("target_id", "DICOM 服务需要一个转发目的地，影像由此发出。")
        if wanted.target_id and not self._images.has_target(uow, wanted.target_id):
            raise invalid("target_id", "没有这个转发目的地，请先在影像转发中建立。")
        if not 1 <= wanted.timeout_minutes <= 1440:
            raise invalid("timeout_minutes", "等待时限应在 1 到 1440 分钟之间。")
        keys = [one.key for one in wanted.fields]
        if len(keys) > 20 or len(set(keys)) != len(keys) or not all(_KEY.match(one) for one in keys):
            raise invalid("fields", "字段最多 20 个，名称用小写字母、数字和下划线，且不能重复。")

    def _row(self, uow: UnitOfWork, service_id: int) -> AssistService:
        row = uow.session.get(RemoteServiceRow, service_id)
        if row is None:
            raise not_found("辅助阅片服务")
        return _service(row)

    # ── orders ───────────────────────────────────────────────────────────────────────────────────────

    def order(self, uow: UnitOfWork, caller: Caller, request: OrderService) -> AssistOrder:
        """Send a request. Raises INVALID, ILLEGAL_ACTION, NOT_FOUND."""
        self._exams.demand(uow, caller, request.exam_id)
        facts = self._exams.facts(uow, request.exam_id)
        if facts is None or not facts.study_uids:
            raise illegal_action("", "此检查还没有影像，不能请求辅助阅片。")
        service = self._row(uow, request.service_id)
        if service not in self.services(uow, facts.exam_type):
            raise illegal_action("", f"{service.name}不用于{facts.exam_type}检查，或已停用。")
        running = select(RemoteOrderRow.id).where(
            RemoteOrderRow.exam_id == request.exam_id,
            RemoteOrderRow.service_id == service.id,
            RemoteOrderRow.state.in_(_RUNNING),
        )
        if uow.session.scalar(running.limit(1)) is not None:
            raise illegal_action("", f"已向{service.name}发出请求，正在等待结果。")
        row = RemoteOrderRow(
            version=0,
            key=secrets.token_hex(16),
            state=OrderState.WAITING.value,
            exam_id=request.exam_id,
            service_id=service.id,
            service=service.name,
            fields=msgspec.json.encode(_checked_fields(service, request.fields)).decode(),
            asked_by=caller.name[:80],
            asked_at=self._time.now(),
            known_id=self._images.newest(uow),
        )
        uow.session.add(row)
        if service.target_id:
            for study_uid in facts.study_uids:
                self._images.send(uow, study_uid, service.target_id)
        self._told(uow, row)
        enqueue(uow, JOB, {"order_id": row.id}, title=f"辅助阅片：{service.name}", by=caller.login or "system")
        return _order(row)

    def cancel(self, uow: UnitOfWork, caller: Caller, exam_id: int, order_id: int) -> AssistOrder:
        """Wait no longer. Raises NOT_FOUND, ILLEGAL_ACTION."""
        row = uow.session.get(RemoteOrderRow, order_id, with_for_update=True)
        if row is None or row.exam_id != exam_id:
            raise not_found("辅助阅片请求")
        if row.state not in _RUNNING:
            raise illegal_action(row.state, "该请求已经结束。")
        row.state, row.sentence = OrderState.CANCELLED.value, f"由{caller.name}取消。"
        self._told(uow, row)
        return _order(row)

    def orders(self, uow: UnitOfWork, exam_id: int) -> tuple[AssistOrder, ...]:
        """Return the requests for an exam, newest first."""
        found = select(RemoteOrderRow).where(RemoteOrderRow.exam_id == exam_id).order_by(RemoteOrderRow.id.desc())
        return tuple(_order(row) for row in uow.session.scalars(found.limit(100)))

    # ── the job ──────────────────────────────────────────────────────────────────────────────────────

    def perform(self, context: JobContext) -> str:
        """Bring one request a step further; a job's handler."""
        return self.advance(context.database, int(context.payload["order_id"]))

    def advance(self, database: Database, order_id: int) -> str:
        """Send the request, or ask how it stands. Raises JobRetry while it runs, JobFailed when it ended badly."""
        with database.read() as uow:
            row = uow.session.get(RemoteOrderRow, order_id)
            if row is None or row.state not in _RUNNING:
                return ""
            service, facts = self._row(uow, row.service_id), self._exams.facts(uow, row.exam_id)
            fields = msgspec.json.decode(row.fields.encode(), type=dict[str, str])
            key, remote_id, known = row.key, row.remote_id, row.known_id
            is_late = self._time.now() - row.asked_at > timedelta(minutes=service.timeout_minutes)
        if facts is None:
            return self._ended(database, order_id, ServiceAnswer(state="failed", message="检查已不存在。"))
        try:
            if service.kind is ServiceKind.DICOM:
                found = self._objects(database, facts.study_uids, known)
                if found:
                    return self._ended(database, order_id, ServiceAnswer(state="done", findings=found[1]), found[0])
                answer = ServiceAnswer(state="working")
            elif remote_id:
                answer = self._json.ask(service, remote_id)
            else:
                call = ServiceCall(
                    order=key,
                    service=service.name,
                    accession_number=facts.accession_number,
                    exam_type=facts.exam_type,
                    body_part=facts.body_part,
                    sex=facts.sex,
                    age=facts.age,
                    study_uids=facts.study_uids,
                    fields=fields,
                )
                answer = self._json.order(service, call)
        except ServiceTrouble as trouble:
            if trouble.is_final or is_late:
                return self._ended(database, order_id, ServiceAnswer(state="failed", message=str(trouble)))
            self._noted(database, order_id, remote_id, str(trouble), OrderState.WAITING)
            raise JobRetry(str(trouble), _ASK_AGAIN_S) from None
        if answer.state != "working":
            return self._ended(database, order_id, answer)
        if is_late:
            late = f"{service.timeout_minutes} 分钟内没有结果。"
            return self._ended(database, order_id, ServiceAnswer(state="failed", message=late))
        self._noted(database, order_id, answer.id or remote_id, answer.message, OrderState.WORKING)
        raise JobRetry(f"{service.name}正在处理。", _ASK_AGAIN_S)

    def _objects(
        self, database: Database, study_uids: tuple[str, ...], known: int
    ) -> tuple[tuple[str, ...], str] | None:
        with database.read() as uow:
            found = self._images.answers(uow, study_uids, known)
        if not found:
            return None
        texts = [self._images.text(uid) for uid, is_report in found if is_report]
        return tuple(uid for uid, _is_report in found), "\n".join(one for one in texts if one)

    def _noted(self, database: Database, order_id: int, remote_id: str, sentence: str, state: OrderState) -> None:
        with database.write() as uow:
            row = uow.session.get_one(RemoteOrderRow, order_id, with_for_update=True)
            if row.state in _RUNNING and (row.state, row.remote_id, row.sentence) != (state, remote_id, sentence):
                row.state, row.remote_id, row.sentence = state.value, remote_id[:200], sentence[:1000]
                self._told(uow, row)

    def _ended(
        self, database: Database, order_id: int, answer: ServiceAnswer, object_uids: tuple[str, ...] = ()
    ) -> str:
        with database.write() as uow:
            row = uow.session.get_one(RemoteOrderRow, order_id, with_for_update=True)
            if row.state not in _RUNNING:  # cancelled meanwhile
                return ""
            done = answer.state == "done"
            row.state = (OrderState.DONE if done else OrderState.FAILED).value
            row.findings, row.impression = _paragraphs(answer.findings), _paragraphs(answer.impression)
            row.sentence = answer.message[:1000] or ("" if done else "服务没有给出原因。")
            row.object_uids, row.answered_at = "\n".join(object_uids), self._time.now()
            self._told(uow, row)
            sentence = row.sentence
        if not done:
            raise JobFailed(sentence)
        return "已返回结果。"

    @staticmethod
    def _told(uow: UnitOfWork, row: RemoteOrderRow) -> None:
        row.touch()
        uow.session.flush()
        uow.publish(Changed(entity="remote_order", id=row.exam_id, version=0))


def _checked_fields(service: AssistService, given: dict[str, str]) -> dict[str, str]:
    known = {one.key: one for one in service.fields}
    if set(given) - set(known):
        raise invalid("fields", "填写的内容与服务不符，请重新打开。")
    found = {}
    for key, field in known.items():
        value = given.get(key, "").strip()
        if field.is_required and not value:
            raise invalid(f"fields.{key}", f"请填写{field.label}。")
        if len(value) > 1000 or (value and field.choices and value not in field.choices):
            raise invalid(f"fields.{key}", f"{field.label}填写有误，请重新选择。")
        found[key] = value
    return found


def _paragraphs(text: str) -> str:
    """Plain text of a stranger as the report's subset."""
    lines = [line.strip() for line in text[:_LONGEST].splitlines() if line.strip()]
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


def _service(row: RemoteServiceRow) -> AssistService:
    found = msgspec.json.decode(row.body, type=AssistService)
    return msgspec.structs.replace(found, id=row.id, version=row.version, name=row.name, is_active=row.is_active)


def _order(row: RemoteOrderRow) -> AssistOrder:
    return AssistOrder(
        id=row.id,
        version=row.version,
        state=OrderState(row.state),
        exam_id=row.exam_id,
        service_id=row.service_id,
        service=row.service,
        fields=msgspec.json.decode(row.fields.encode(), type=dict[str, str]),
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        answered_at=row.answered_at,
        findings=row.findings,
        impression=row.impression,
        sentence=row.sentence,
        object_uids=tuple(row.object_uids.split()),
    )
