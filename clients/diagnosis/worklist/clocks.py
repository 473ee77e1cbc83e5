"""How the time limit of a report is shown: what is left, in words, tone and glyph; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.reporting import ReportRow
from shared.contract.worklist import BreachForecast
from shared.domain.states import ReportState

_FINISHED = (ReportState.APPROVED, ReportState.PRINTED)


class ServerTime:
    """The server's clock as this desk knows it: its own, moved by what the last answer showed."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the present moment (UTC)."""
        return self._now() + self._ahead

    def told(self, moment: datetime) -> None:
        """The server said what time it is; small differences are the way of the answer."""
        ahead = moment - self._now()
        self._ahead = ahead if abs(ahead) > timedelta(seconds=20) else timedelta()


def span_words(span: timedelta) -> str:
    """Return a span of time in hours and minutes, whole minutes, at least one."""
    minutes = max(1, round(abs(span.total_seconds()) / 60))
    if minutes < 60:
        return tr("{minutes} 分", minutes=minutes)
    if minutes < 48 * 60:
        return tr("{hours} 时 {minutes:02} 分", hours=minutes // 60, minutes=minutes % 60)
    return tr("{days} 天", days=minutes // (24 * 60))


def clock_look(row: ReportRow, now: datetime, *, is_foretold: bool = False) -> StateLook | None:
    """Return how a row stands to its limit; None where it has none. Foretold: it will miss it at the present pace."""
    if row.due_at is None:
        return None
    if row.state in _FINISHED and row.approved_at is not None:
        if row.approved_at <= row.due_at:
            return StateLook(tr("按时"), Tone.SUCCESS, "check", quiet=True)
        words = tr("晚 {span}", span=span_words(row.approved_at - row.due_at))
        return StateLook(words, Tone.DANGER, "alert", quiet=True)
    left = row.due_at - now
    if left <= timedelta():
        return StateLook(tr("超时 {span}", span=span_words(left)), Tone.DANGER, "alert")
    if row.warn_at is not None and now >= row.warn_at:
        return StateLook(tr("快到期 {span}", span=span_words(left)), Tone.WARNING, "hourglass")
    if is_foretold:
        return StateLook(tr("恐超时 {span}", span=span_words(left)), Tone.WARNING, "flag", quiet=True)
    return StateLook(tr("剩 {span}", span=span_words(left)), Tone.NEUTRAL, "clock", quiet=True)


def state_age(row: ReportRow, now: datetime) -> str:
    """Return for how long the report has been in its state; nothing where nobody noted it, or it is finished."""
    if row.state_since is None or row.state in _FINISHED:
        return ""
    return span_words(now - row.state_since)


def forecast_words(forecast: BreachForecast) -> str:
    """Return the forecast as one sentence."""
    if not forecast.open_count:
        return tr("没有未完成的报告")
    return tr(
        "未完成 {open} 份，每小时约完成 {pace} 份；今后 {hours} 小时预计超时 {expected} 份",
        open=forecast.open_count,
        pace=f"{forecast.pace_per_hour:.0f}" if forecast.pace_per_hour >= 3 else f"{forecast.pace_per_hour:.1f}",
        hours=forecast.horizon_hours,
        expected=forecast.expected,
    )


def error_words(forecast: BreachForecast) -> str:
    """Return how good past forecasts were."""
    if forecast.error is None:
        return tr("预测误差：还没有可比较的数据")
    return tr(
        "预测误差：近 14 天 {count} 次，平均差 {error} 份",
        count=forecast.error.count,
        error=f"{forecast.error.mean_absolute:.1f}",
    )
