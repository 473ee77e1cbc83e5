"""Use cases of routing: targets, rules, what rules want now, and what became of studies."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from server.archive.matching import study_by_uid
from server.archive.routing import queue, rules
from server.archive.routing.coercion import COERCIBLE
from server.archive.routing.ports import Destination, Reports, WayOut
from server.archive.routing.tables import CoercionRule, Forward, RoutingRule, RoutingTarget, SentInstance
from server.archive.routing.views import coercion_view, forward_views, plan_of, rule_view, target_view
from server.archive.routing.wanting import Wanting
from server.archive.tables import Study
from server.kernel.database import Database, UnitOfWork
from server.kernel.errors import illegal_action, invalid, not_found
from shared.contract import routing as contract
from shared.contract.base import Changed, Page
from shared.contract.corrections import CorrectionView
from shared.contract.exchange import AnonymisePlan
from shared.contract.routing import Conditions, ForwardState, TagRule, TargetKind

_BY_HAND = 1000  # priority of what a person sends
_AE = re.compile(r"[\x21-\x5b\x5d-\x7e]([\x20-\x5b\x5d-\x7e]{0,14}[\x21-\x5b\x5d-\x7e])?")
_TOKEN_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
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
        secret: Callable[[], bytes] | None = None,
    ) -> None:
        """`secret` gives the server's key of anonymising."""
        self._database = database
        self._secret = secret
        self._wanting = Wanting(reports, zone)
        self.wanted = self._wanting.wanted
        self.consider = self._wanting.consider
        self.ways_out = ways_out
        self._peer_exists = peer_exists
        self._zone = zone

    # targets

    def list_targets(self, uow: UnitOfWork) -> tuple[contract.TargetView, ...]:
        """All targets by name."""
        rows = uow.session.execute(select(RoutingTarget).order_by(RoutingTarget.name)).scalars()
        return tuple(target_view(uow.session, row) for row in rows)

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
        return target_view(uow.session, row)

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

    # rules

    def list_rules(self, uow: UnitOfWork) -> tuple[contract.RuleView, ...]:
        """All rules, the more urgent first."""
        rows = uow.session.execute(select(RoutingRule).order_by(RoutingRule.priority.desc(), RoutingRule.id)).scalars()
        return tuple(rule_view(row) for row in rows)

    def save_rule(self, uow: UnitOfWork, request: contract.SaveRule) -> contract.RuleView:
        """Add or change. Raises Refusal."""
        self._check_conditions(request.conditions)
        _check_changes(request.changes, None)
        if request.anonymise is not None:
            _check_plan(request.anonymise)
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
        row.anonymise = None if request.anonymise is None else msgspec.to_builtins(request.anonymise)
        row.resend_after_correction = request.resend_after_correction
        uow.session.add(row)
        uow.session.flush()
        uow.publish(Changed("routing", row.id, row.version))
        return rule_view(row)

    def remove_rule(self, uow: UnitOfWork, rule_id: int) -> None:
        """Forget a rule. Raises Refusal."""
        uow.session.delete(self._existing(uow.session, RoutingRule, rule_id, "规则"))
        uow.publish(Changed("routing", rule_id, 0))

    def preview(self, uow: UnitOfWork, request: contract.PreviewRule) -> tuple[contract.RulePreview, ...]:
        """What a rule would do with the newest studies. Raises Refusal."""
        self._check_conditions(request.conditions)
        return self._wanting.preview(uow, request)

    def _check_conditions(self, conditions: Conditions) -> None:
        fault = rules.fault_of(conditions)
        if fault is not None:
            raise invalid(*fault)

    # coercion of what comes in

    def list_coercions(self, uow: UnitOfWork) -> tuple[contract.CoercionView, ...]:
        """All rules for what comes in, in the order in which they are asked."""
        rows = uow.session.execute(select(CoercionRule).order_by(CoercionRule.id)).scalars()
        return tuple(coercion_view(row) for row in rows)

    def save_coercion(self, uow: UnitOfWork, request: contract.SaveCoercion) -> contract.CoercionView:
        """Add or change. Raises Refusal."""
        fault = rules.fault_of(Conditions(sender_aes=request.sender_aes, modalities=request.modalities))
        if fault is not None:
            raise invalid(*fault)
        if not request.sender_aes:
            raise invalid("sender_aes", "请填写发送方 AE。")
        _check_changes(request.changes, COERCIBLE)
        row = self._row(uow.session, CoercionRule, request.id, request.version, "规则")
        row.name, row.enabled = _name(request.name), request.enabled
        row.sender_aes, row.modalities = list(request.sender_aes), list(request.modalities)
        row.changes = msgspec.to_builtins(request.changes)
        uow.session.add(row)
        uow.session.flush()
        uow.publish(Changed("routing", row.id, row.version))
        return coercion_view(row)

    def remove_coercion(self, uow: UnitOfWork, rule_id: int) -> None:
        """Forget a rule. Raises Refusal."""
        uow.session.delete(self._existing(uow.session, CoercionRule, rule_id, "规则"))
        uow.publish(Changed("routing", rule_id, 0))

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
        return contract.ForwardList(total=total, rows=forward_views(uow.session, list(rows)))

    def send_study(self, uow: UnitOfWork, study_uid: str, target_id: int) -> contract.ForwardView:
        """Send a study by hand. Raises Refusal."""
        study = study_by_uid(uow.session, study_uid)
        target = self._existing(uow.session, RoutingTarget, target_id, "目的地")
        if not target.enabled:
            raise illegal_action("disabled", "该目的地已停用，请先启用。")
        target.next_try = None
        plan = self._plan_of_target(uow.session, target_id)
        forward = queue.put(uow, study, target, priority=_BY_HAND, anonymise=plan)
        return forward_views(uow.session, [forward])[0]

    def _plan_of_target(self, session: Session, target_id: int) -> dict[str, Any] | None:
        """A target that a rule sends to without identity gets what a person sends in the same way."""
        of_target = select(RoutingRule).where(RoutingRule.target_id == target_id).order_by(RoutingRule.priority.desc())
        rules_there = session.execute(of_target).scalars()
        return next((rule.anonymise for rule in rules_there if rule.anonymise is not None), None)

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
        return forward_views(uow.session, [forward])[0]

    def cancel(self, uow: UnitOfWork, forward_id: int) -> contract.ForwardView:
        """Send no more of it. Raises Refusal."""
        forward = self._forward(uow.session, forward_id)
        if forward.state != ForwardState.SENT:
            forward.state = ForwardState.CANCELLED
            forward.finished_at = forward.changed_at = datetime.now(UTC)
            forward.sentence = ""
            uow.session.flush()
            uow.publish(Changed("forward", forward.id, 0))
        return forward_views(uow.session, [forward])[0]

    def commitment_reported(self, uow: UnitOfWork, transaction_uid: str, failed: Collection[str]) -> bool:
        """A target reports on a transaction that we asked for; False when it is not known."""
        statement = select(Forward).where(Forward.transaction_uid == transaction_uid).with_for_update()
        forward = uow.session.execute(statement).scalar_one_or_none() if transaction_uid else None
        if forward is None:
            return False
        queue.committed(uow, forward, self._originals(uow.session, forward, failed))
        if failed:
            queue.drive(uow, uow.session.get_one(RoutingTarget, forward.target_id))
        return True

    def _originals(self, session: Session, forward: Forward, uids: Collection[str]) -> Collection[str]:
        """Our UIDs of instances that a target names as it got them."""
        plan = plan_of(forward.anonymise)
        if plan is None or not uids:
            return uids
        if self._secret is None:
            raise RuntimeError("there is no key of anonymising")
        from server.archive.exchange.anonymise import Anonymiser

        theirs = Anonymiser(self._secret(), plan).uid
        sent = select(SentInstance.instance_uid).where(SentInstance.forward_id == forward.id)
        return [uid for uid in session.execute(sent).scalars() if theirs(uid) in uids]

    def corrected(self, uow: UnitOfWork, event: CorrectionView) -> None:
        """Studies were corrected: those that rules sent and shall send again are queued whole."""
        session = uow.session
        found = session.execute(
            select(Forward, RoutingRule)
            .join(RoutingRule, RoutingRule.id == Forward.rule_id)
            .where(Forward.study_uid.in_(event.study_uids), RoutingRule.resend_after_correction, RoutingRule.enabled)
            .where(
                Forward.state != ForwardState.CANCELLED, (Forward.sent > 0) | (Forward.state == ForwardState.SENDING)
            )
            .order_by(Forward.id)
            .with_for_update(of=Forward)
        ).all()
        for forward, rule in found:
            study = session.execute(select(Study).where(Study.uid == forward.study_uid)).scalar_one_or_none()
            if study is None:
                continue
            session.flush()
            queue.forget_sent(session, forward.id)
            session.refresh(forward)
            queue.put(
                uow,
                study,
                session.get_one(RoutingTarget, forward.target_id),
                rule_id=rule.id,
                rule_name=rule.name,
                changes=rule.changes,
                priority=rule.priority,
                anonymise=rule.anonymise if rule.anonymise is not None else forward.anonymise,
                why=f"第 {event.id} 号更正后全部重新发送：{event.reason}",
            )

    def rejected(self, uow: UnitOfWork, study_uid: str, instance_uids: Sequence[str], why: str) -> None:
        """A note in a study rejects instances: targets that got them get the note.

        A target to which a person stopped the sending gets nothing as long as there is more to send than notes.
        """
        session = uow.session
        had: dict[int, Forward] = {}
        for start in range(0, len(instance_uids), 500):
            sent = select(SentInstance.forward_id).where(
                SentInstance.instance_uid.in_(instance_uids[start : start + 500])
            )
            for forward in session.execute(select(Forward).where(Forward.id.in_(sent)).order_by(Forward.id)).scalars():
                had.setdefault(forward.target_id, forward)
        study = study_by_uid(session, study_uid)
        for target_id, forward in sorted(had.items()):
            target = session.get_one(RoutingTarget, target_id)
            if forward.state == ForwardState.CANCELLED and len(queue.unsent(session, forward, target)) > 1:
                continue
            queue.put(
                uow,
                study,
                target,
                rule_id=forward.rule_id,
                rule_name=forward.rule_name,
                changes=forward.changes,
                priority=_BY_HAND,
                anonymise=forward.anonymise,
                why=why,
            )

    def _forward(self, session: Session, forward_id: int) -> Forward:
        forward = session.get(Forward, forward_id, with_for_update=True)
        if forward is None:
            raise not_found("该转发记录")
        return forward

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


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not 1 <= len(name) <= 64:
        raise invalid("name", "请填写名称，最多 64 个字符。")
    return name


def _check_plan(plan: AnonymisePlan) -> None:
    from server.archive.exchange.anonymise import fault_of

    fault = fault_of(plan)
    if fault:
        raise invalid("anonymise", fault)


def _check_changes(changes: Sequence[TagRule], only: frozenset[int] | None) -> None:
    if len(changes) > rules.MAX_CHANGES:
        raise invalid("changes", f"最多 {rules.MAX_CHANGES} 项修改。")
    for change in changes:
        fault = rules.fault_of_change(change, only)
        if fault is not None:
            raise invalid("changes", fault)
