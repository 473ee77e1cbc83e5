"""辅助阅片服务: the services that may be asked, for the administrator."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from clients.kit.fields import Choice, ChoiceField, LongTextField, NumberField, Section, SwitchField, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, ValueLabel
from clients.kit.messages import message_for
from clients.kit.panels import scrolling
from clients.kit.shell import Workplace
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.remote_services import AssistService, ListServices, SaveService, ServiceField, ServiceKind
from shared.contract.routing import ListTargets, TargetView

_SECTION = Section(
    "",
    [
        TextField(key="name", label="服务名称", required=True, max_length=100),
        ChoiceField(
            key="kind",
            label="方式",
            required=True,
            initial=ServiceKind.JSON,
            choices=[Choice(ServiceKind.JSON, "JSON 接口"), Choice(ServiceKind.DICOM, "DICOM 节点")],
        ),
        TextField(key="url", label="地址", placeholder="https://ai.example.cn/orders", max_length=500),
        TextField(key="token_file", label="令牌文件", max_length=100),
        ChoiceField(key="target_id", label="影像转发到", initial=0, choices=[Choice(0, "不转发")]),
        TextField(key="exam_types", label="检查类型", placeholder="如 CT MR，空为全部", max_length=200),
        NumberField(key="timeout_minutes", label="等待时限", unit="min", minimum=1, maximum=1440, initial=60),
        SwitchField(key="is_active", label="启用", initial=True),
        LongTextField(key="fields", label="填写内容（每行：名称* 标签 选项/选项，* 为必填）", lines=4, span=2),
    ],
)


class ServicesView(QWidget):
    """Services at the left, the chosen one at the right."""

    def __init__(self, place: Workplace) -> None:
        super().__init__()
        self._place = place
        self.services: tuple[AssistService, ...] = ()
        self._shown: AssistService | None = None
        self.list = QListWidget()
        self.list.setFixedWidth(220)
        self.list.currentRowChanged.connect(self._on_row)
        self.form = FormView([_SECTION], columns=2)
        self.trouble = ValueLabel("", "error", wrap=True)
        left = QVBoxLayout()
        left.addWidget(self.list, 1)
        left.addWidget(Button("新建服务", "", "add", on_click=self.begin))
        right = QVBoxLayout()
        right.addWidget(scrolling(self.form), 1)
        right.addWidget(self.trouble)
        line = QHBoxLayout()
        line.addStretch(1)
        line.addWidget(Button("保存", "primary", "save", on_click=self.save))
        right.addLayout(line)
        across = QHBoxLayout(self)
        across.setContentsMargins(16, 12, 16, 12)
        across.setSpacing(16)
        across.addLayout(left)
        across.addLayout(right, 1)
        call = place.connection.call
        place.runner.run(lambda: call(ListTargets()), self._targets_came, self._failed, key="remote_services.targets")

    def _targets_came(self, targets: tuple[TargetView, ...]) -> None:
        choices = [Choice(one.id, one.name, translate=False) for one in targets]
        self.form.set_choices("target_id", [Choice(0, "不转发"), *choices])
        self.load()

    def load(self, chosen: int = 0) -> None:
        """Fetch the services."""
        call = self._place.connection.call
        self._place.runner.run(
            lambda: call(ListServices()),
            lambda found: self._came(found, chosen),
            self._failed,
            key="remote_services.all",
        )

    def _came(self, found: tuple[AssistService, ...], chosen: int) -> None:
        self.services = found
        self.list.blockSignals(True)
        self.list.clear()
        for one in found:
            self.list.addItem(QListWidgetItem(one.name if one.is_active else tr("{name}（停用）", name=one.name)))
        self.list.blockSignals(False)
        at = next((n for n, one in enumerate(found) if one.id == chosen), 0)
        if found:
            self.list.setCurrentRow(at)
            self._on_row(at)
        else:
            self.begin()

    def begin(self) -> None:
        """A new service."""
        self._shown = None
        self.form.clear()
        self.form.focus("name")

    def _on_row(self, at: int) -> None:
        if 0 <= at < len(self.services):
            one = self._shown = self.services[at]
            self._say("")
            self.form.set_values(
                {
                    "name": one.name,
                    "kind": one.kind,
                    "url": one.url,
                    "token_file": one.token_file,
                    "target_id": one.target_id,
                    "exam_types": " ".join(one.exam_types),
                    "timeout_minutes": one.timeout_minutes,
                    "is_active": one.is_active,
                    "fields": "\n".join(_line(field) for field in one.fields),
                }
            )

    def save(self) -> None:
        """Send the service."""
        if not self.form.validate():
            return
        values: dict[str, Any] = self.form.values()
        shown = self._shown
        service = AssistService(
            id=shown.id if shown else 0,
            version=shown.version if shown else 0,
            name=values["name"],
            kind=values["kind"],
            url=values["url"] or "",
            token_file=values["token_file"] or "",
            target_id=int(values["target_id"] or 0),
            exam_types=tuple((values["exam_types"] or "").upper().split()),
            fields=fields_of(values["fields"] or ""),
            timeout_minutes=int(values["timeout_minutes"] or 60),
            is_active=bool(values["is_active"]),
        )
        call = self._place.connection.call
        self._place.runner.run(lambda: call(SaveService(service=service)), self._saved, self._failed)

    def _saved(self, service: AssistService) -> None:
        self._place.messages.say(tr("服务已保存"), Tone.SUCCESS)
        self._say("")
        self.load(service.id)

    def _failed(self, error: Exception) -> None:
        message = message_for(error)
        if message.field in self.form.rows:
            self.form.show_problems({message.field: message.text})
        else:
            self._say(message.text)

    def _say(self, words: str) -> None:
        self.trouble.set_text(words)
        self.trouble.setVisible(bool(words))


def fields_of(text: str) -> tuple[ServiceField, ...]:
    """Read the lines of the editor: "task* 任务 检测/分割"."""
    found = []
    for line in text.splitlines():
        parts = line.split(maxsplit=2)
        if parts:
            label = parts[1] if len(parts) > 1 else parts[0].rstrip("*")
            choices = tuple(one.strip() for one in parts[2].split("/") if one.strip()) if len(parts) > 2 else ()
            key = parts[0].rstrip("*")
            found.append(ServiceField(key=key, label=label, is_required=parts[0].endswith("*"), choices=choices))
    return tuple(found)


def _line(field: ServiceField) -> str:
    key = f"{field.key}*" if field.is_required else field.key
    return "  ".join(part for part in (key, field.label, "/".join(field.choices)) if part)
