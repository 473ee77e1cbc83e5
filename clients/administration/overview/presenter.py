"""Asks the server how everything is, once, and makes cards of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from clients.administration.keeping import check_summary
from clients.administration.overview.state import Card, OverviewState
from clients.administration.words import size
from clients.kit.messages import Messages, message_for
from clients.kit.paging import local_time
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.archive import ArchiveStatus, GetArchiveStatus, ListStudies, ListUnmatched
from shared.contract.base import Page, Request
from shared.contract.errors import EnvironmentTrouble, RpcError
from shared.contract.jobs import JobList, ListJobs
from shared.contract.keeping import BackupList, CheckReport, GetCheckReport, ListBackups
from shared.contract.routing import ForwardState, ListForwards
from shared.contract.storage import ListStores, StoreView

R = TypeVar("R")

_BACKUP_IS_OLD = timedelta(days=2)
_CHECK_IS_OLD = timedelta(days=40)
_MANY = 500


@dataclass(frozen=True)
class _Facts:
    status: ArchiveStatus
    stores: tuple[StoreView, ...]
    unmatched: int
    short: int
    failed_forwards: int
    waiting_forwards: int
    jobs: JobList
    backups: BackupList | None
    check: CheckReport | None


class OverviewPresenter(ScreenPresenter[OverviewState]):
    """One intention: refresh."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        show: Callable[[OverviewState], None] = lambda _state: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(OverviewState(), caller, runner, messages, show)
        self._now = now

    def refresh(self) -> None:
        """Ask again; the old figures stay until the new ones are there."""
        self._change(is_loading=True)
        self._runner.run(self._gather, self._came, self._failed, key="overview")

    def _gather(self) -> _Facts:
        call = self._caller.call
        failed = call(ListForwards(states=(ForwardState.FAILED,), page=Page(limit=1)))
        waiting = call(ListForwards(states=(ForwardState.WAITING, ForwardState.SENDING), page=Page(limit=1)))
        return _Facts(
            status=call(GetArchiveStatus()),
            stores=call(ListStores()),
            unmatched=call(ListUnmatched(page=Page(limit=1))).total,
            short=call(ListStudies(completeness="short", limit=_MANY)).total,
            failed_forwards=failed.total,
            waiting_forwards=waiting.total,
            jobs=call(ListJobs(page=Page(limit=1))),
            backups=self._if_there(ListBackups()),
            check=self._if_there(GetCheckReport()),
        )

    def _if_there(self, request: Request[R]) -> R | None:
        try:
            return self._caller.call(request)
        except EnvironmentTrouble:
            raise
        except RpcError:  # nothing of the kind has run yet
            return None

    def _failed(self, error: Exception) -> None:
        self._change(is_loading=False, trouble=message_for(error).text)

    def _came(self, facts: _Facts) -> None:
        self._change(is_loading=False, trouble="", cards=self._cards(facts), stores=facts.stores)

    def _cards(self, facts: _Facts) -> tuple[Card, ...]:
        status = facts.status
        return (
            Card(
                "影像",
                f"{status.instances:,}",
                tr("{studies} 个检查，{size}", studies=f"{status.studies:,}", size=size(status.bytes_stored)),
                Tone.NEUTRAL,
                "studies",
            ),
            _counted("待匹配", facts.unmatched, tr("没有对应检查的影像"), Tone.WARNING, "studies", "unmatched"),
            _counted(
                "缺少影像",
                facts.short,
                tr("设备报告的影像没有收齐"),
                Tone.DANGER,
                "studies",
                "studies",
                {"completeness": "short"},
            ),
            self._forwards(facts),
            _counted(
                "失败的任务",
                facts.jobs.counts.get("failed", 0),
                tr("后台任务没有完成"),
                Tone.DANGER,
                "tasks",
                "",
                {"state": "failed"},
            ),
            _counted("等待索引", status.inbox_backlog, tr("已安全接收，正在登记"), Tone.INFO, "tasks"),
            self._backup(facts.backups),
            self._check(facts.check),
        )

    def _forwards(self, facts: _Facts) -> Card:
        if facts.failed_forwards:
            sentence = tr("转发失败；另有 {count} 个等待", count=facts.waiting_forwards)
            return Card(
                "转发", f"{facts.failed_forwards:,}", sentence, Tone.DANGER, "routing", "forwards", {"state": "failed"}
            )
        sentence = tr("等待转发")
        return Card("转发", f"{facts.waiting_forwards:,}", sentence, Tone.SUCCESS, "routing", "forwards")

    def _backup(self, backups: BackupList | None) -> Card:
        if backups is None or not backups.folder:
            return Card("最近备份", "–", tr("未设置备份文件夹"), Tone.WARNING, "safety", "backups")
        done = [row for row in backups.rows if row.state == "complete" and row.finished_at is not None]
        if not done:
            return Card("最近备份", "–", tr("还没有备份"), Tone.DANGER, "safety", "backups")
        at: Any = done[0].finished_at
        is_old = self._now() - at > _BACKUP_IS_OLD
        sentence = tr("超过两天没有备份") if is_old else tr("{objects} 个对象", objects=f"{done[0].objects:,}")
        return Card("最近备份", local_time(at), sentence, Tone.WARNING if is_old else Tone.SUCCESS, "safety", "backups")

    def _check(self, report: CheckReport | None) -> Card:
        if report is None:
            return Card("最近检查", "–", tr("还没有检查过索引与文件是否一致"), Tone.WARNING, "safety", "check")
        if report.total_findings:
            figure = tr("{count} 个问题", count=report.total_findings)
            return Card("最近检查", figure, check_summary(report), Tone.DANGER, "safety", "check")
        is_old = self._now() - report.finished_at > _CHECK_IS_OLD
        sentence = tr("超过 40 天没有检查") if is_old else tr("索引与文件一致")
        tone = Tone.WARNING if is_old else Tone.SUCCESS
        return Card("最近检查", local_time(report.finished_at), sentence, tone, "safety", "check")


def _counted(
    title: str, count: int, sentence: str, tone: Tone, page: str, tab: str = "", filters: Mapping[str, str] = {}
) -> Card:
    """A count that should be zero."""
    figure = f"{_MANY}+" if title == "缺少影像" and count >= _MANY else f"{count:,}"
    return Card(
        title,
        figure,
        sentence if count else tr("无"),
        tone if count else Tone.SUCCESS,
        page,
        tab,
        filters if count else {},
    )
