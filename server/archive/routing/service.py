"""Use cases of routing: targets, rules, what rules want now, and what became of studies."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from server.archive.corrections import rules as corrections
from server.archive.matching import study_by_uid
from server.archive.routing import queue, rules
from server.archive.routing.ports import Destination, Reports, WayOut
from server.archive.routing.rules import StudyFacts
from server.archive.routing.tables import CoercionRule, Forward, RoutingRule, RoutingTarget, SentInstance
from server.archive.tables import Series, Study
from server.archive.views import study_row
from server.kernel.database import Database, UnitOfWork
from server.kernel.errors import illegal_action, invalid, not_found
from shared.contract import routing as contract
from shared.contract.base import Changed, Page
from shared.contract.routing import Conditions, ForwardState, Moment, TagRule, TargetKind

_BY_HAND = 1000  # priority of what a person sends
_BATCH = 200
_AE = re.compile(r"[\x21-\x5b\x5d-\x7e]([\x20-\x5b\x5d-\x7e]{0,14}[\x21-\x5b\x5d-\x7e])?")
_TOKEN_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_COERCIBLE = frozenset(one.tag for one in {**corrections.STUDY, **corrections.SERIES}.values())
Row = TypeVar("Row", RoutingTarget, RoutingRule, CoercionRule)


class RoutingService:
    """Works in the caller's unit of work, except for `test_target`."""

    def __init__(
        self,
        database: Database,
        reports: Reports,
        ways_out: Mapping[TargetKind, WayOut],
        peer_exists: Callable[[UnitOfWork, str], bool],
        zone: tzinfo,
    ) -> None:
        self._database = database
        self._reports = reports
        self.ways_out = ways_out
        self._peer_exists = peer_exists
        self._zone = zone

    # targets

    def list_targets(self, uow: UnitOfWork) -> tuple[contract.TargetView, ...]:
        """All targets by name."""
        rows = uow.session.execute(select(RoutingTarget).order_by(RoutingTarget.name)).scalars()
        return tuple(self._target_view(uow.session, row) for row in rows)

    def save_target(self, uow: UnitOfWork, request: contract.SaveTarget) -> contract.TargetView:
        """Add or change. Raises Refusal."""
        name = _name(request.name)
        self._check_target(uow, request)
        taken = select(RoutingTarget.id).where(RoutingTarget.name == name, RoutingTarget.id != request.id)
        if uow.session.execute(taken).first() is not None:
            raise invalid("name", "已有同名的目的地，请换一个名称。")
        row = self._row(uow.session, RoutingTarget, request.id, request.version, "目的地")
        row.name, row.kind, row.enabled = name, request.kind, request.enabled
        row.ae_title = request.ae_title.strip() if request.kind is TargetKind.DICOM else ""
        row.url, row.token_file = request.url.strip(), request.token_file.strip()
        row.concurrency = request.concurrency
        row.transfer_syntaxes = list(request.transfer_syntaxes)
        row.commitment = request.commitment and request.kind is TargetKind.DICOM
        row.failures, row.down_since, row.next_try, row.last_error = 0, None, None, ""
        uow.session.add(row)
        uow.session.flush()
        queue.drive(uow, row)
        uow.publish(Changed("routing", row.id, row.version))
        return self._target_view(uow.session, row)

    def remove_target(self, uow: UnitOfWork, target_id: int) -> None:
        """Forget a target with its queue. Raises Refusal."""
        row = self._existing(uow.session, RoutingTarget, target_id, "目的地")
        if uow.session.execute(select(RoutingRule.id).where(RoutingRule.target_id == target_id)).first() is not None:
            raise illegal_action("in_use", "还有规则使用该目的地，请先删除或修改规则。")
        of_target = select(Forward.id).where(Forward.target_id == target_id)
        uow.session.execute(delete(SentInstance).where(SentInstance.forward_id.in_(of_target)))
        uow.session.execute(delete(Forward).where(Forward.target_id == target_id))
        uow.session.delete(row)
        uow.publish(Changed("routing", target_id, 0))

    def test_target(self, target_id: int) -> str:
        """Empty when the target answers, else a sentence. Raises NOT_FOUND."""
        with self._database.read() as uow:
            row = self._existing(uow.session, RoutingTarget, target_id, "目的地")
            kind, to = TargetKind(row.kind), destination(row)
        return self.ways_out[kind].test(to)

    def _check_target(self, uow: UnitOfWork, request: contract.SaveTarget) -> None:
        if not 1 <= request.concurrency <= 8:
            raise invalid("concurrency", "并发数须在 1 到 8 之间。")
        if len(request.transfer_syntaxes) > 10 or any(
            not re.fullmatch(r"[0-9.]{1,64}", one) for one in request.transfer_syntaxes
        ):
            raise invalid("transfer_syntaxes", "请填写传输语法的 UID，最多 10 个。")
        if request.kind is TargetKind.DICOM:
            title = request.ae_title.strip()
            if not _AE.fullmatch(title) or not self._peer_exists(uow, title):
                raise invalid("ae_title", "没有这个 AE 的 DICOM 节点，请先在节点管理中添加。")
            return
        parts = urlsplit(request.url.strip())
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.username
            or parts.query
            or parts.fragment
            or not re.fullmatch(r"[\x21-\x7e]{8,400}", request.url.strip())
        ):
            raise invalid("url", "请填写 http(s)://主机/…/studies 形式的地址，不含账号和参数。")
        if request.token_file and not _TOKEN_FILE.fullmatch(request.token_file.strip()):
            raise invalid("token_file", "请填写 secrets 文件夹中的文件名，不含路径。")

    def _target_view(self, session: Session, row: RoutingTarget) -> contract.TargetView:
        counts: dict[str, int] = {}
        grouped = select(Forward.state, func.count()).where(Forward.target_id == row.id).group_by(Forward.state)
        for state, count in session.execute(grouped):
            counts[state] = count
        return contract.TargetView(
            id=row.id,
            version=row.version,
            name=row.name,
            kind=TargetKind(row.kind),
            enabled=row.enabled,
            ae_title=row.ae_title,
            url=row.url,
            token_file=row.token_file,
            concurrency=row.concurrency,
            transfer_syntaxes=tuple(row.transfer_syntaxes),
            commitment=row.commitment,
            waiting=sum(counts.get(state, 0) for state in queue.OPEN),
            failed=counts.get(ForwardState.FAILED, 0),
            down_since=row.down_since,
            next_try=row.next_try,
            last_error=row.last_error,
        )

    # rules

    def list_rules(self, uow: UnitOfWork) -> tuple[contract.RuleView, ...]:
        """All rules, the more urgent first."""
        rows = uow.session.execute(select(RoutingRule).order_by(RoutingRule.priority.desc(), RoutingRule.id)).scalars()
        return tuple(_rule_view(row) for row in rows)

    def save_rule(self, uow: UnitOfWork, request: contract.SaveRule) -> contract.RuleView:
        """Add or change. Raises Refusal."""
        self._check_conditions(request.conditions)
        _check_changes(request.changes, None)
        if not 0 <= request.delay_s <= 7 * 86400:
            raise invalid("delay_s", "延迟须在 0 秒到 7 天之间。")
        if not -1000 <= request.priority <= 999:
            raise invalid("priority", "优先级须在 -1000 到 999 之间。")
        if not 1 <= request.days_back <= 36500:
            raise invalid("days_back", "天数须在 1 到 36500 之间。")
        self._existing(uow.session, RoutingTarget, request.target_id, "目的地")
        row = self._row(uow.session, RoutingRule, request.id, request.version, "规则")
        row.name, row.enabled, row.target_id = _name(request.name), request.enabled, request.target_id
        row.conditions = msgspec.to_builtins(request.conditions)
        row.changes = msgspec.to_builtins(request.changes)
        row.delay_s, row.priority, row.days_back = request.delay_s, request.priority, request.days_back
        uow.session.add(row)
        uow.session.flush()
        uow.publish(Changed("routing", row.id, row.version))
        return _rule_view(row)

    def remove_rule(self, uow: UnitOfWork, rule_id: int) -> None:
        """Forget a rule. Raises Refusal."""
        uow.session.delete(self._existing(uow.session, RoutingRule, rule_id, "规则"))
        uow.publish(Changed("routing", rule_id, 0))

    def preview(self, uow: UnitOfWork, request: contract.PreviewRule) -> tuple[contract.RulePreview, ...]:
        """What a rule would do with the newest studies. Raises Refusal."""
        self._check_conditions(request.conditions)
        statement = select(Study).order_by(Study.changed_at.desc()).limit(min(max(request.limit, 1), 200))
        studies = list(uow.session.execute(statement).scalars())
        facts = self._facts(uow, studies)
        now = datetime.now(self._zone)
        target = uow.session.get(RoutingTarget, request.target_id) if request.target_id else None
        found = []
        for study in studies:
            here = facts[study.id]
            sentence = rules.objection(request.conditions, here) or rules.reason_to_wait(request.conditions, here, now)
            if not sentence and target is not None and target.ae_title and here.senders <= {target.ae_title}:
                sentence = "影像来自该目的地，不会送回。"
            found.append(
                contract.RulePreview(study=study_row(study, self._zone), applies=not sentence, sentence=sentence)
            )
        return tuple(found)

    def _check_conditions(self, conditions: Conditions) -> None:
        fault = rules.fault_of(conditions)
        if fault is not None:
            raise invalid(*fault)

    # coercion of what comes in

    def list_coercions(self, uow: UnitOfWork) -> tuple[contract.CoercionView, ...]:
        """All rules for what comes in, in the order in which they are asked."""
        rows = uow.session.execute(select(CoercionRule).order_by(CoercionRule.id)).scalars()
        return tuple(_coercion_view(row) for row in rows)

    def save_coercion(self, uow: UnitOfWork, request: contract.SaveCoercion) -> contract.CoercionView:
        """Add or change. Raises Refusal."""
        fault = rules.fault_of(Conditions(sender_aes=request.sender_aes, modalities=request.modalities))
        if fault is not None:
            raise invalid(*fault)
        if not request.sender_aes:
            raise invalid("sender_aes", "请填写发送方 AE。")
        _check_changes(request.changes, _COERCIBLE)
        row = self._row(uow.session, CoercionRule, request.id, request.version, "规则")
        row.name, row.enabled = _name(request.name), request.enabled
        row.sender_aes, row.modalities = list(request.sender_aes), list(request.modalities)
        row.changes = msgspec.to_builtins(request.changes)
        uow.session.add(row)
        uow.session.flush()
        uow.publish(Changed("routing", row.id, row.version))
        return _coercion_view(row)

    def remove_coercion(self, uow: UnitOfWork, rule_id: int) -> None:
        """Forget a rule. Raises Refusal."""
        uow.session.delete(self._existing(uow.session, CoercionRule, rule_id, "规则"))
        uow.publish(Changed("routing", rule_id, 0))

    # what rules want

    def consider(self, uow: UnitOfWork, rule_id: int, study_ids: Collection[int]) -> int:
        """Queue those of the studies that the rule wants now; returns how many."""
        rule = uow.session.get(RoutingRule, rule_id)
        if rule is None or not rule.enabled:
            return 0
        target = uow.session.get_one(RoutingTarget, rule.target_id)
        conditions = _conditions(rule)
        studies = list(uow.session.execute(select(Study).where(Study.id.in_(study_ids)).order_by(Study.id)).scalars())
        facts = self._facts(uow, studies)
        now = datetime.now(self._zone)
        queued = 0
        for study in studies:
            here = facts[study.id]
            if rules.objection(conditions, here) or rules.reason_to_wait(conditions, here, now):
                continue
            if not queue.instances_for(uow.session, study.id, target):
                continue
            queue.put(
                uow,
                study,
                target,
                rule_id=rule.id,
                rule_name=rule.name,
                changes=rule.changes,
                priority=rule.priority,
                delay=timedelta(seconds=rule.delay_s),
            )
            queued += 1
        return queued

    def wanted(self, uow: UnitOfWork, seen: dict[tuple[int, int], int], *, everything: bool) -> dict[int, list[int]]:
        """Studies to consider by rule: changed lately (or within the rule's days) and not fully queued.

        `seen` remembers (rule and its version, study) → version of studies that a rule can never want.
        """
        found: dict[int, list[int]] = {}
        now = datetime.now(self._zone)
        for rule in uow.session.execute(select(RoutingRule).where(RoutingRule.enabled)).scalars():
            conditions = _conditions(rule)
            if not rules.is_open(conditions, now):
                continue
            rows = self._candidates(uow, rule, conditions, now, everything=everything)
            if conditions.moment is Moment.REPORTED:
                exams = {row.exam_id for row in rows}
                approved = self._reports.approved(uow, exams) if exams else frozenset()
                rows = [row for row in rows if row.exam_id in approved]
            mark = rule.id << 20 | rule.version & 0xFFFFF
            fresh = [row for row in rows if seen.get((mark, row.id)) != row.version][:_BATCH]
            if not fresh:
                continue
            studies = list(uow.session.execute(select(Study).where(Study.id.in_([row.id for row in fresh]))).scalars())
            facts = self._facts(uow, studies)
            for study in studies:
                if rules.objection(conditions, facts[study.id]):
                    seen[mark, study.id] = study.version
                else:
                    found.setdefault(rule.id, []).append(study.id)
        return found

    def _candidates(
        self, uow: UnitOfWork, rule: RoutingRule, conditions: Conditions, now: datetime, *, everything: bool
    ) -> Sequence[Any]:
        since = now - timedelta(days=rule.days_back)
        if not everything:
            since = max(since, now - timedelta(seconds=120 + conditions.quiet_s))
        statement = (
            select(Study.id, Study.version, Study.exam_id)
            .outerjoin(Forward, (Forward.study_uid == Study.uid) & (Forward.target_id == rule.target_id))
            .where(Study.changed_at >= since, Study.instance_count > 0)
            .where(
                or_(
                    Forward.id.is_(None),
                    (Forward.seen < Study.instance_count) & (Forward.state != ForwardState.CANCELLED),
                )
            )
            .order_by(Study.changed_at.desc())
        )
        if conditions.moment is Moment.QUIET:
            statement = statement.where(Study.changed_at <= now - timedelta(seconds=conditions.quiet_s))
        elif conditions.moment is Moment.COMPLETE:
            statement = statement.where(Study.completeness == "complete")
        elif conditions.moment in (Moment.MATCHED, Moment.REPORTED):
            statement = statement.where(Study.exam_id.is_not(None))
        return uow.session.execute(statement).all()

    def _facts(self, uow: UnitOfWork, studies: Sequence[Study]) -> dict[int, StudyFacts]:
        by_study: dict[int, list[Series]] = {study.id: [] for study in studies}
        for series in uow.session.execute(select(Series).where(Series.study_pk.in_(by_study))).scalars():
            by_study[series.study_pk].append(series)
        exams = {study.exam_id for study in studies if study.exam_id is not None}
        approved = self._reports.approved(uow, exams) if exams else frozenset()
        return {study.id: _facts_of(study, by_study[study.id], approved) for study in studies}

    # what became of studies

    def list_forwards(self, uow: UnitOfWork, request: contract.ListForwards) -> contract.ForwardList:
        """Rows, newest first."""
        statement = select(Forward)
        if request.study_uid:
            statement = statement.where(Forward.study_uid == request.study_uid)
        if request.target_id:
            statement = statement.where(Forward.target_id == request.target_id)
        if request.states:
            statement = statement.where(Forward.state.in_(request.states))
        total = uow.session.execute(select(func.count()).select_from(statement.subquery())).scalar_one()
        page: Page = request.page
        rows = uow.session.execute(
            statement.order_by(Forward.changed_at.desc(), Forward.id.desc())
            .offset(min(max(page.offset, 0), 10**9))
            .limit(min(max(page.limit, 1), 500))
        ).scalars()
        return contract.ForwardList(total=total, rows=self._forward_views(uow.session, list(rows)))

    def send_study(self, uow: UnitOfWork, study_uid: str, target_id: int) -> contract.ForwardView:
        """Send a study by hand. Raises Refusal."""
        study = study_by_uid(uow.session, study_uid)
        target = self._existing(uow.session, RoutingTarget, target_id, "目的地")
        if not target.enabled:
            raise illegal_action("disabled", "该目的地已停用，请先启用。")
        target.next_try = None
        forward = queue.put(uow, study, target, priority=_BY_HAND)
        return self._forward_views(uow.session, [forward])[0]

    def resend(self, uow: UnitOfWork, forward_id: int, *, everything: bool) -> contract.ForwardView:
        """Try again, or send all again. Raises Refusal."""
        forward = self._forward(uow.session, forward_id)
        study = study_by_uid(uow.session, forward.study_uid)
        if everything:
            queue.forget_sent(uow.session, forward.id)
            uow.session.refresh(forward)
        target = uow.session.get_one(RoutingTarget, forward.target_id)
        target.next_try = None
        forward = queue.put(uow, study, target, priority=_BY_HAND)
        return self._forward_views(uow.session, [forward])[0]

    def cancel(self, uow: UnitOfWork, forward_id: int) -> contract.ForwardView:
        """Send no more of it. Raises Refusal."""
        forward = self._forward(uow.session, forward_id)
        if forward.state != ForwardState.SENT:
            forward.state = ForwardState.CANCELLED
            forward.finished_at = forward.changed_at = datetime.now(UTC)
            forward.sentence = ""
            uow.session.flush()
            uow.publish(Changed("forward", forward.id, 0))
        return self._forward_views(uow.session, [forward])[0]

    def commitment_reported(self, uow: UnitOfWork, transaction_uid: str, failed: Collection[str]) -> bool:
        """A target reports on a transaction that we asked for; False when it is not known."""
        statement = select(Forward).where(Forward.transaction_uid == transaction_uid).with_for_update()
        forward = uow.session.execute(statement).scalar_one_or_none() if transaction_uid else None
        if forward is None:
            return False
        queue.committed(uow, forward, failed)
        if failed:
            queue.drive(uow, uow.session.get_one(RoutingTarget, forward.target_id))
        return True

    def _forward(self, session: Session, forward_id: int) -> Forward:
        forward = session.get(Forward, forward_id, with_for_update=True)
        if forward is None:
            raise not_found("该转发记录")
        return forward

    def _forward_views(self, session: Session, rows: Sequence[Forward]) -> tuple[contract.ForwardView, ...]:
        studies = {
            study.uid: study
            for study in session.execute(select(Study).where(Study.uid.in_({row.study_uid for row in rows}))).scalars()
        }
        targets = {target.id: target for target in session.execute(select(RoutingTarget)).scalars()}
        return tuple(_forward_view(row, studies.get(row.study_uid), targets[row.target_id]) for row in rows)

    # rows

    def _row(self, session: Session, table: type[Row], row_id: int, version: int, what: str) -> Row:
        """The row to change, or a new one."""
        if not row_id:
            return table()
        row = self._existing(session, table, row_id, what)
        row.expect(version)
        row.touch()
        return row

    def _existing(self, session: Session, table: type[Row], row_id: int, what: str) -> Row:
        row = session.get(table, row_id)
        if row is None:
            raise not_found(f"该{what}")
        return row


def destination(row: RoutingTarget) -> Destination:
    """A target for its way out."""
    return Destination(row.ae_title, row.url, row.token_file, tuple(row.transfer_syntaxes))


def coercion_of(session: Session) -> Callable[[Session, str, Mapping[int, str]], tuple[str, dict[int, str]]] | None:
    """What the rules for incoming images do (corrections.placement.Coercion); None when there is no rule."""
    rows = session.execute(select(CoercionRule).where(CoercionRule.enabled).order_by(CoercionRule.id)).scalars()
    loaded = [
        (row.name, tuple(row.sender_aes), tuple(row.modalities), msgspec.convert(row.changes, tuple[TagRule, ...]))
        for row in rows
    ]
    if not loaded:
        return None

    def coerce(_session: Session, sender: str, present: Mapping[int, str]) -> tuple[str, dict[int, str]]:
        names: list[str] = []
        values: dict[int, str] = dict(present)
        for name, senders, modalities, changes in loaded:
            if not rules.fits_any(senders, {sender}):
                continue
            if modalities and not rules.fits_any(modalities, {present.get(0x00080060, "")}):
                continue
            changed = {tag: value or "" for tag, value in rules.applied(changes, values).items() if tag in _COERCIBLE}
            if changed:
                names.append(name)
                values.update(changed)
        return ", ".join(names), {tag: value for tag, value in values.items() if present.get(tag) != value}

    return coerce


def _conditions(rule: RoutingRule) -> Conditions:
    return msgspec.convert(rule.conditions, Conditions)


def _facts_of(study: Study, series: Sequence[Series], approved: Collection[int]) -> StudyFacts:
    return StudyFacts(
        senders=frozenset(one.calling_ae for one in series) or frozenset({study.calling_ae}),
        modalities=frozenset(filter(None, study.modalities.split("\\"))),
        body_parts=frozenset(filter(None, (one.body_part for one in series))),
        descriptions=frozenset(filter(None, (study.description, *(one.description for one in series)))),
        institutions=frozenset(filter(None, (study.institution, *(one.institution for one in series)))),
        stations=frozenset(filter(None, (one.station for one in series))),
        patient_id=study.patient_id,
        changed_at=study.changed_at,
        is_complete=study.completeness == "complete",
        is_matched=study.exam_id is not None,
        is_reported=study.exam_id in approved,
    )


def _rule_view(row: RoutingRule) -> contract.RuleView:
    return contract.RuleView(
        id=row.id,
        version=row.version,
        name=row.name,
        enabled=row.enabled,
        conditions=_conditions(row),
        target_id=row.target_id,
        changes=msgspec.convert(row.changes, tuple[TagRule, ...]),
        delay_s=row.delay_s,
        priority=row.priority,
        days_back=row.days_back,
    )


def _coercion_view(row: CoercionRule) -> contract.CoercionView:
    return contract.CoercionView(
        id=row.id,
        version=row.version,
        name=row.name,
        enabled=row.enabled,
        sender_aes=tuple(row.sender_aes),
        modalities=tuple(row.modalities),
        changes=msgspec.convert(row.changes, tuple[TagRule, ...]),
    )


def _forward_view(row: Forward, study: Study | None, target: RoutingTarget) -> contract.ForwardView:
    waits = row.state == ForwardState.WAITING
    next_try = max(row.not_before, target.next_try or row.not_before) if waits else None
    return contract.ForwardView(
        id=row.id,
        study_uid=row.study_uid,
        patient_name=study.patient_name if study else "",
        patient_id=study.patient_id if study else "",
        accession_number=study.accession if study else "",
        target_id=row.target_id,
        target_name=target.name,
        rule_name=row.rule_name,
        state=ForwardState(row.state),
        sent=row.sent,
        total=row.total,
        attempts=row.attempts,
        sentence=row.sentence or (target.last_error if waits else ""),
        created_at=row.created_at,
        changed_at=row.changed_at,
        next_try=next_try,
        finished_at=row.finished_at,
    )


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not 1 <= len(name) <= 64:
        raise invalid("name", "请填写名称，最多 64 个字符。")
    return name


def _check_changes(changes: Sequence[TagRule], only: frozenset[int] | None) -> None:
    if len(changes) > rules.MAX_CHANGES:
        raise invalid("changes", f"最多 {rules.MAX_CHANGES} 项修改。")
    for change in changes:
        fault = rules.fault_of_change(change, only)
        if fault is not None:
            raise invalid("changes", fault)
