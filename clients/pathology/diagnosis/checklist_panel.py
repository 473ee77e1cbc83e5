"""结构化报告: the checklist of a tumour, what is still missing, the stage as it is computed (EX-PA-05)."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.editors import ChoiceEditor
from clients.kit.fields import Choice, ChoiceField
from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.structured.body import FormBody
from clients.kit.structured.state import FormState
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from clients.pathology.desk import Desk
from shared.contract.pathology_checklists import FilledChecklist, GetFilled, SaveFilled
from shared.domain import pathology_checklists as checklists
from shared.domain.pathology import LOCKED_STATES
from shared.domain.pathology_checklists.building import in_language
from shared.domain.structured import Field, FieldValue, FormContent
from shared.domain.structured_form import new_form, with_value


class ChecklistPanel(QWidget):
    """Choose a checklist, fill it by keyboard; what is typed is journaled until it is saved."""

    def __init__(self, desk: Desk, case_id: int, diagnosis: str) -> None:
        super().__init__()
        self._desk, self._case_id, self._diagnosis = desk, case_id, diagnosis
        self._key, self._version = "", 0
        self.content: FormContent | None = None
        self._is_locked = desk.case is None or desk.case.state in LOCKED_STATES
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 12, 16, 12)
        box.setSpacing(8)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(Label("肿瘤", "caption"))
        self.choice = ChoiceEditor(ChoiceField(key="tumour", label="肿瘤", choices=self._choices()))
        self.choice.setMinimumWidth(200)
        self.choice.chosen.connect(lambda key: self.begin(str(key)))
        top.addWidget(self.choice)
        top.addStretch(1)
        self.progress = Label("", "caption")
        top.addWidget(self.progress)
        box.addLayout(top)
        self.stage = ValueLabel("", "title")
        box.addWidget(self.stage)
        self.notes = ValueLabel("", "caption", wrap=True)
        box.addWidget(self.notes)
        self.body = FormBody(self)
        box.addWidget(self.body, 1)
        self.trouble = ValueLabel("", "error", wrap=True)
        box.addWidget(self.trouble)
        foot = QHBoxLayout()
        self.save_button = Button("保存", "primary", "save", on_click=self.save)
        foot.addWidget(self.save_button)
        foot.addStretch(1)
        box.addLayout(foot)
        place = desk.place
        request = GetFilled(case_id=case_id)
        place.runner.run(
            lambda: place.connection.call(request), self._loaded, place.messages.report, key="pathology.checklist"
        )
        self._show()

    # ── rows' intentions ─────────────────────────────────────────────────────────────────────────────

    def put(self, path: str, value: FieldValue) -> None:
        """The doctor answered."""
        if self.content is not None and not self._is_locked:
            self.content = with_value(self.content, path, value)
            self._desk.place.drafts.record(self._draft_id(), {"key": self._key, "content": _packed(self.content)})
            self._show()

    def focus(self, path: str) -> None:
        """The keyboard is in a field; nothing follows from it here."""

    def put_image(self, path: str) -> None:
        """Checklists have no images."""

    def add_item(self, group: Field) -> None:
        """Checklists have no groups."""

    def remove_item(self, group: str, item: int) -> None:
        """Checklists have no groups."""

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────

    def begin(self, key: str) -> None:
        """Begin a checklist anew; answers of another one are left."""
        found = checklists.checklist(key)
        if found is None or key == self._key:
            return
        self._key = key
        self.content = new_form(found.form(_language()), 0, found.version)
        self._show()

    def _loaded(self, filled: FilledChecklist | None) -> None:
        draft = self._desk.place.drafts.restore(self._draft_id())
        if filled is not None:
            self._key, self._version, self.content = filled.key, filled.version, filled.content
        kept = _unpacked(draft) if draft and not self._is_locked else None
        if kept is not None:
            self._key, self.content = kept
        if self.content is None:
            asked = checklists.asked_for(self._diagnosis)
            if asked is not None:
                self.begin(asked.key)
        self._show()

    def _show(self) -> None:
        self.choice.set_value(self._key or None)
        self.save_button.setEnabled(self.content is not None and not self._is_locked)
        if self.content is None:
            self.stage.set_text(tr("请选择肿瘤类型。"))
            self.progress.set_source("")
            return
        found = checklists.checklist(self._key, self.content.template_version)
        assert found is not None
        filled = checklists.filled(self._key, self.content, _language())
        state = FormState(may_type=not self._is_locked, template=filled.template, filled=filled)
        done, total = state.filled_count()
        self.progress.set_source("必填 {done} / {total}", done=done, total=total)
        stage = found.stage(filled)
        self.stage.set_text(stage.words() or tr("分期：待填写"))
        notes = [in_language(one, _language()) for one in stage.notes]
        self.notes.set_text("  ".join([*notes, in_language(found.staging, _language())]))
        faults = checklists.faults(self._key, self.content, _language())
        self.trouble.set_text("".join(faults))
        self.trouble.setVisible(bool(faults))
        self.body.show_state(state)

    def save(self) -> None:
        """Keep the answers, complete or not."""
        if self.content is None:
            return
        place = self._desk.place
        request = SaveFilled(case_id=self._case_id, key=self._key, content=self.content, version=self._version)

        def saved(filled: FilledChecklist) -> None:
            self._version, self.content = filled.version, filled.content
            place.drafts.discard(self._draft_id())
            missing = len(filled.missing)
            said = tr("已保存，还缺 {count} 项必填", count=missing) if missing else tr("已保存，必填项已完成")
            place.messages.say(said, Tone.WARNING if missing else Tone.SUCCESS)
            self._desk.reload()

        place.runner.run(lambda: place.connection.call(request), saved, place.messages.report)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.choice.set_choices(self._choices())
            self._show()
        super().changeEvent(event)

    def _draft_id(self) -> str:
        return f"pathology-checklist-{self._case_id}"

    @staticmethod
    def _choices() -> list[Choice]:
        return [
            Choice(one.key, in_language(one.name, _language()), translate=False)
            for one in {found.key: found for found in checklists.CHECKLISTS}.values()
        ]


def _language() -> str:
    return "en" if language() is Language.ENGLISH else "zh"


def _packed(content: FormContent) -> str:
    import msgspec

    return msgspec.json.encode(content).decode()


def _unpacked(draft: object) -> tuple[str, FormContent] | None:
    """A journaled form, None where an older version wrote it."""
    import msgspec

    if not isinstance(draft, dict) or checklists.checklist(str(draft.get("key"))) is None:
        return None
    try:
        content = msgspec.json.decode(str(draft.get("content")).encode(), type=FormContent)
    except (msgspec.ValidationError, msgspec.DecodeError):
        return None
    return str(draft["key"]), content
