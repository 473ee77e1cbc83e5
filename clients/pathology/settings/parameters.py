"""运行参数设置: what every station follows, rules of reports, and what this computer alone remembers (PA-SET-01)."""

from __future__ import annotations

from typing import Any

import msgspec
from PySide6.QtWidgets import QFileDialog, QSizePolicy

from clients.kit.fields import Choice, ChoiceField, Field, NumberField, Section, SwitchField, TextField, TicksField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.panels import scrolling
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.laying import column_of, row_of
from clients.pathology.media.exporting import FOLDER as IMAGE_FOLDER
from clients.pathology.settings.page import SettingsPage, framed
from shared.contract.pathology_reports import GetPolicy, ReportPolicy, SavePolicy
from shared.contract.pathology_stations import (
    MAX_IDLE_MINUTES,
    MAX_LIST_DAYS,
    MOST_REFRESH_S,
    GetStationSettings,
    SaveStationSettings,
    StationSettings,
)
from shared.domain.pathology import FETCH_BY, LIBRARY_KINDS
from shared.domain.pathology_reports import MOST_SLOTS

_HOURS = "hours."
_STATION = ("idle_minutes", "list_days", "refresh_seconds", "sending_unit", "dates_today", "fetch_by", "join_mark")
_POLICY = (
    "frozen_minutes",
    "frozen_single_minutes",
    "frozen_queue_minutes",
    "frozen_limit",
    "same_person",
    "prints_drafts",
    "required",
    "checklist_words",
    "most_images",
)
_WHOLE = frozenset(
    {
        "most_images",
        "idle_minutes",
        "list_days",
        "refresh_seconds",
        "frozen_minutes",
        "frozen_single_minutes",
        "frozen_queue_minutes",
    }
)
_NAMES = {"hours": _HOURS + "routine", "warn_share": "warn_percent"}


def sections() -> list[Section]:
    """Every parameter that the server keeps."""
    hours: list[Field] = [
        NumberField(key=_HOURS + kind.value, label=word.zh, unit="小时", maximum=10_000)
        for kind, word in LIBRARY_KINDS.items()
    ]
    return [
        Section("登录与列表", _of_lists()),
        Section("登记与医院系统", _of_registration()),
        Section("报告时限（收到至审核，0 为不限）", hours),
        Section("提醒与冰冻时限", _of_clocks()),
        Section("报告规则", _of_reports()),
    ]


def _of_lists() -> list[Field]:
    return [
        NumberField(key="idle_minutes", label="自动注销时间", unit="分钟", maximum=MAX_IDLE_MINUTES, hint="0 表示关闭"),
        NumberField(key="list_days", label="诊断列表天数", unit="天", maximum=MAX_LIST_DAYS, hint="0 表示全部"),
        NumberField(
            key="refresh_seconds", label="列表刷新间隔", unit="秒", maximum=MOST_REFRESH_S, hint="0 表示只随变化刷新"
        ),
    ]


def _of_registration() -> list[Field]:
    numbers = [Choice(by, word.zh) for by, word in FETCH_BY.items()]
    return [
        TextField(key="sending_unit", label="默认送检单位", max_length=100),
        SwitchField(key="dates_today", label="日期默认当天", hint="送检日期和收到日期"),
        ChoiceField(key="fetch_by", label="提取时默认号码", choices=numbers),
    ]


def _of_clocks() -> list[Field]:
    limits = [Choice("department", "科室规定"), Choice("national", "国家标准")]
    return [
        NumberField(key="warn_percent", label="到期提醒", unit="%", minimum=10, maximum=100, hint="占时限的比例"),
        ChoiceField(key="frozen_limit", label="冰冻时限", choices=limits),
        NumberField(key="frozen_minutes", label="科室规定", unit="分钟", minimum=1, maximum=600),
        NumberField(key="frozen_single_minutes", label="国家标准：单份", unit="分钟", minimum=1, maximum=600),
        NumberField(key="frozen_queue_minutes", label="国家标准：排队", unit="分钟", minimum=1, maximum=600),
    ]


def _of_reports() -> list[Field]:
    parts = [
        Choice("gross", "大体所见"),
        Choice("findings", "光镜所见"),
        Choice("diagnosis", "诊断意见"),
        Choice("codes", "编码"),
        Choice("checklist", "结构化报告"),
    ]
    return [
        TicksField(key="required", label="审核前必填", choices=parts, columns=3, span=3),
        SwitchField(key="checklist_words", label="肿瘤须填结构化报告", hint="诊断中出现相应肿瘤时"),
        SwitchField(key="same_person", label="初诊与审核可为一人"),
        SwitchField(key="prints_drafts", label="未审核可打印", hint="带“未审核”水印"),
        NumberField(key="most_images", label="报告最多图像数", unit="幅", maximum=MOST_SLOTS, hint="未指定报告格式时"),
        TextField(key="join_mark", label="模板多选连接符", max_length=3),
    ]


def shown(settings: StationSettings, policy: ReportPolicy) -> dict[str, Any]:
    """What the fields show."""
    values = {name: getattr(settings, name) for name in _STATION}
    values |= {name: getattr(policy, name) for name in _POLICY}
    values |= {_HOURS + kind.value: policy.hours.get(kind, 0) for kind in LIBRARY_KINDS}
    values["warn_percent"] = round(100 * policy.warn_share)
    return values


def typed(
    values: dict[str, Any], settings: StationSettings, policy: ReportPolicy
) -> tuple[StationSettings, ReportPolicy]:
    """What stands in the fields; what has no field stays."""
    given = {name: int(value or 0) if name in _WHOLE else value for name, value in values.items()}
    hours = {kind: int(values[_HOURS + kind.value] or 0) for kind in LIBRARY_KINDS}
    return (
        msgspec.structs.replace(settings, **{name: given[name] for name in _STATION}),
        msgspec.structs.replace(
            policy,
            hours={**policy.hours, **hours},
            warn_share=int(values["warn_percent"] or 80) / 100,
            **{name: given[name] for name in _POLICY},
        ),
    )


class ParametersPage(SettingsPage):
    """One form for both rooms of the server; each is sent only if something of it changed."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._settings, self._policy = StationSettings(), ReportPolicy()
        self.form = FormView(sections(), columns=3)
        self.form.submitted.connect(self.save)
        self.folder = ValueLabel("", wrap=True)
        self.choose = Button("选择文件夹", "", "folder", on_click=self.choose_folder)
        self.choose.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.save_button = Button("保存", "primary", "save", on_click=self.form.submit)
        self.save_button.setEnabled(False)
        own = column_of(
            Label("本机", "title"),
            Label("图像文件夹", "caption"),
            row_of(self.folder, self.choose),
            Label("导入、导出图像时先打开这个文件夹；只影响这台电脑。", "caption", wrap=True),
            margin=0,
            spacing=6,
        )
        framed(self, scrolling(column_of(self.form, own, spacing=16)), row_of(None, self.save_button))
        self._show_folder()
        self.load()

    def load(self) -> None:
        """Fetch what is in force."""
        call = self.desk.place.connection.call
        self.run(lambda: (call(GetStationSettings()), call(GetPolicy())), self._came)

    def save(self) -> None:
        """Store what changed."""
        settings, policy = typed(self.form.values(), self._settings, self._policy)
        old_settings, old_policy = self._settings, self._policy
        call = self.desk.place.connection.call
        self.save_button.setEnabled(False)

        def work() -> tuple[StationSettings, ReportPolicy]:
            kept = call(SavePolicy(policy=policy)) if policy != old_policy else old_policy
            return (call(SaveStationSettings(settings=settings)) if settings != old_settings else old_settings), kept

        def came(found: tuple[StationSettings, ReportPolicy]) -> None:
            self.desk.settings = found[0]
            self._came(found)
            self.say("运行参数已保存，各工作站即时生效。")

        self.run(work, came, self.form, _NAMES)

    def failed(self, error: Exception, form: FormView | None, names: Any) -> None:
        super().failed(error, form, names)
        self.save_button.setEnabled(True)

    def choose_folder(self) -> None:
        """Let the user pick the folder of pictures of this computer."""
        folder = QFileDialog.getExistingDirectory(self, tr("图像文件夹"))
        if folder:
            self.desk.place.desk_settings.set(IMAGE_FOLDER, folder)
            self._show_folder()

    def _show_folder(self) -> None:
        self.folder.set_text(str(self.desk.place.desk_settings.get(IMAGE_FOLDER, "") or "") or tr("未设置"))

    def _came(self, found: tuple[StationSettings, ReportPolicy]) -> None:
        self._settings, self._policy = found
        self.form.set_values(shown(*found))
        self.save_button.setEnabled(True)
