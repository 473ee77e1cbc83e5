"""What the kiosk says of an exam: one sentence of what is, one of what to do; knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from shared.contract.queueing import KioskExam, KioskOutcome, WaitForecast

_O = KioskOutcome
_WEEKDAYS = ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日")


@dataclass(frozen=True)
class Told:
    """What is, what to do, and how good that is."""

    headline: str
    next_step: str
    tone: Tone
    glyph: str


def is_english() -> bool:
    """True while the kiosk speaks English."""
    return language() is Language.ENGLISH


def room_of(exam: KioskExam) -> str:
    """The room in the language of the moment."""
    return (exam.room_name_en or exam.room_name) if is_english() else exam.room_name


def campus_of(exam: KioskExam) -> str:
    """The campus in the language of the moment."""
    return (exam.campus_name_en or exam.campus_name) if is_english() else exam.campus_name


def told_of(exam: KioskExam, now: datetime) -> Told:
    """What the kiosk says of one exam. `now` carries the hall's time zone."""
    room = room_of(exam)
    planned = exam.planned_at.astimezone(now.tzinfo)
    match exam.outcome:
        case _O.CHECKED_IN:
            step = tr("请到{room}外候诊，听到叫号后再进去。", room=room)
            return Told(tr("签到成功"), step, Tone.SUCCESS, "check_circle")
        case _O.ALREADY:
            step = tr("请到{room}外等候叫号。", room=room)
            return Told(tr("您已签到，不用再签"), step, Tone.SUCCESS, "check_circle")
        case _O.LATE:
            step = tr("您来晚了，顺序可能往后，请到{room}外候诊。", room=room)
            return Told(tr("签到成功"), step, Tone.WARNING, "clock")
        case _O.TOO_EARLY:
            opens = (exam.opens_at or exam.planned_at).astimezone(now.tzinfo)
            step = tr("请在 {time} 以后再来签到。", time=f"{opens:%H:%M}")
            return Told(tr("还没到签到时间"), step, Tone.WARNING, "clock")
        case _O.WRONG_DAY:
            day = tr("{month}月{day}日 {weekday}", month=planned.month, day=planned.day, weekday=weekday(planned))
            if planned.date() < now.date():
                step = tr("您的检查约在 {day}，已经过了，请到登记窗口改约。", day=day)
            else:
                step = tr("您的检查约在 {day}，请当天再来；要改时间请到登记窗口。", day=day)
            return Told(tr("预约不在今天"), step, Tone.WARNING, "calendar")
        case _O.NOT_PAID:
            return Told(tr("还没有缴费"), tr("请先到收费窗口缴费，再回来签到。"), Tone.WARNING, "alert")
        case _O.BEING_CALLED:
            return Told(tr("正在叫您"), tr("请马上到{room}。", room=room), Tone.ACTIVE, "call")
        case _O.PASSED:
            return Told(tr("您已过号"), tr("请到登记窗口重新签到。"), Tone.WARNING, "pass")
        case _O.IN_EXAM:
            return Told(tr("检查正在进行"), tr("如有疑问，请到登记窗口。"), Tone.INFO, "half_circle")
        case _O.FINISHED:
            return Told(tr("检查已经做完"), tr("不用再排队；取报告请到登记窗口询问。"), Tone.INFO, "check_circle")
    return Told(tr("登记已取消"), tr("请到登记窗口重新登记。"), Tone.WARNING, "cross_circle")


def weekday(moment: datetime) -> str:
    """星期六."""
    return tr(_WEEKDAYS[moment.weekday()])


def wait_words(forecast: WaitForecast | None) -> str:
    """How long it will take, as people say it; empty when nothing can be foretold."""
    if forecast is None:
        return ""
    if forecast.high_minutes <= 5:
        return tr("前面 {ahead} 人，很快轮到您", ahead=forecast.ahead)
    return tr(
        "前面 {ahead} 人，大约等 {low}–{high} 分钟",
        ahead=forecast.ahead,
        low=forecast.low_minutes,
        high=forecast.high_minutes,
    )


def unknown(try_again_s: int) -> Told:
    """What is said when no exam was found."""
    if try_again_s:
        step = tr("输入错误太多，请在 {seconds} 秒后再试，或到登记窗口办理。", seconds=try_again_s)
        return Told(tr("请稍候"), step, Tone.WARNING, "hourglass")
    step = tr("请核对后再试一次，或到登记窗口办理。")
    return Told(tr("没有查到您的登记"), step, Tone.WARNING, "help")
