"""The strip above every page while a critical value waits, with a sound when a new one comes or a level is called."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from clients.diagnosis.critical.presenter import AlarmPresenter
from clients.diagnosis.critical.state import AlarmState
from clients.diagnosis.critical.words import name_of
from clients.kit.panels import Banner
from clients.kit.shell import Workplace
from clients.kit.tokens import Tone
from clients.kit.translations import tr

PAGE = "critical"


class Alarm:
    """Puts the strip into a window; lives as long as the session's window."""

    def __init__(self, place: Workplace) -> None:
        self._place = place
        self._rings = 0
        self.strip = Banner()
        self.presenter = AlarmPresenter(
            place.connection,
            place.runner,
            place.messages,
            permissions=frozenset(place.session.permissions),
            user_id=place.session.user_id,
            show=self.show_state,
        )
        if self.presenter.is_wanted:
            place.shell.add_strip(self.strip)
            place.on_notice(self.presenter.heard)
            self.presenter.refresh()

    def show_state(self, state: AlarmState) -> None:
        """Show what waits."""
        if state.first is None:
            self.strip.hide()
            return
        loop = state.first
        first = "  ".join(one for one in (loop.patient_name, name_of(loop), loop.department) if one)
        source = (
            "危急值 {open} 条待处理，{overdue} 条超时：{first}" if state.overdue else "危急值 {open} 条待处理：{first}"
        )
        words = tr(source, open=state.open, overdue=state.overdue, first=first)
        tone = Tone.DANGER if state.overdue or self.presenter.is_ward else Tone.WARNING
        self.strip.show_message(words, tone, glyph="bell", action="查看", on_action=self._show_page)
        if state.rings != self._rings:
            self._rings = state.rings
            QApplication.beep()

    def _show_page(self) -> None:
        self._place.go_to(PAGE)
