"""Sharing as a feature."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from clients.kit.actions import Action
from clients.kit.translations import register_catalogue, tr
from clients.viewer.desk import Desk, Feature
from clients.viewer.sharing import texts
from clients.viewer.viewport.corner_texts import date_text, person_name

if TYPE_CHECKING:
    from clients.viewer.sharing.dialog import SharingDialog

register_catalogue(texts.CATALOGUE)
OPEN = "sharing.open"
_ENTRIES = {"menu.output": (OPEN,)}


class SharingFeature(Feature):
    """分享: a link to the exam of the selected viewport, made and revoked on the server."""

    actions = (Action(OPEN, "分享…", hint="生成二维码，用手机查看这项检查"),)
    needs_image = frozenset({OPEN})
    entries = _ENTRIES

    def attach(self, desk: Desk) -> None:
        self.dialog: SharingDialog | None = None
        self._study_uid = ""
        desk.commands.on(OPEN, self.show)

    def closing(self) -> None:
        if self.dialog is not None:
            self.dialog.close()

    def show(self) -> None:
        """Open the pop-up for the study on show; without a server a sentence."""
        from clients.viewer.sharing.dialog import SharingDialog

        stack = self.desk.session.active_viewport.stack
        if stack is None:
            return
        if self._call is None:
            self.desk.say(tr("分享需要影像服务器；现在打开的是本机文件"))
            return
        if self.dialog is not None:
            self.dialog.close()
            self.dialog.deleteLater()
        study = stack.study
        self._study_uid = study.study_uid
        parts = (person_name(study.patient_name), date_text(study.study_date), study.description)
        self.dialog = SharingDialog(self.desk.window, study.study_uid, "  ".join(part for part in parts if part))
        self.dialog.create_asked.connect(self._create)
        self.dialog.revoke_asked.connect(self._revoke)
        self.dialog.show()
        self._list()

    @property
    def _call(self) -> Callable[[Any], Any] | None:
        call: Callable[[Any], Any] | None = getattr(self.desk.source, "call", None)
        return call

    def _ask(self, request: Any, done: Callable[[Any], object]) -> None:
        """Ask the server in the background; an answer for a pop-up that is gone is dropped."""
        call, dialog = self._call, self.dialog
        if call is None or dialog is None:
            return
        dialog.say("")
        dialog.set_busy(True)

        def work() -> Any:
            from shared.contract.errors import RpcError

            try:
                return call(request)
            except RpcError as error:
                raise ValueError(error.body.message) from error

        def answered(answer: Any) -> None:
            if self.dialog is dialog:
                dialog.set_busy(False)
                done(answer)

        def failed(sentence: str) -> None:
            if self.dialog is dialog:
                dialog.set_busy(False)
                dialog.say(sentence)

        self.desk.background.run(work, answered, failed, "sharing")

    def _list(self) -> None:
        from shared.contract.sharing import ListShares

        dialog = self.dialog
        if dialog is not None:
            self._ask(ListShares(study_uid=self._study_uid), dialog.show_shares)

    def _create(self) -> None:
        dialog = self.dialog
        if dialog is None:
            return
        try:
            order = dialog.order()
        except ValueError as problem:
            dialog.say(str(problem))
            return

        def made(answer: Any) -> None:
            dialog.show_link(answer.url)
            self._list()

        self._ask(order, made)

    def _revoke(self, number: int) -> None:
        from shared.contract.sharing import RevokeShare

        self._ask(RevokeShare(id=number), lambda _answer: self._list())
