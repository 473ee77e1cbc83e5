"""心电设置: how a hospital wants its reports, the limits of consultations, what counts as critical."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.ecg.desk import Desk
from clients.kit.fields import Choice, ChoiceField, NumberField, Section, SwitchField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.messages import message_for
from clients.kit.panels import Banner, scrolling
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, on_language_change, tr
from shared.contract import ecg_consultations as consultations
from shared.contract import ecg_critical
from shared.contract import ecg_reports as reports
from shared.contract.organisation import GetHospital, HospitalView
from shared.domain.ecg import URGENCIES, Urgency
from shared.domain.ecg_reports import QtcFormula

if TYPE_CHECKING:
    from clients.kit.shell import Workplace

T = TypeVar("T")

ORDER = (Urgency.EMERGENCY, Urgency.URGENT, Urgency.ROUTINE)
FORMULAS = (
    Choice(QtcFormula.BAZETT, "Bazett", translate=False),
    Choice(QtcFormula.FRIDERICIA, "Fridericia", translate=False),
    Choice(QtcFormula.FRAMINGHAM, "Framingham", translate=False),
    Choice(QtcFormula.HODGES, "Hodges", translate=False),
)


class Group(QWidget):
    """One group of settings: heading, form, its own button; says beside the button how it went."""

    def __init__(self, place: Workplace, title: str, hint: str, form: FormView, save: Callable[[], None]) -> None:
        super().__init__()
        self._place = place
        self.form = form
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 16)
        box.setSpacing(8)
        box.addWidget(Label(title, "title"))
        box.addWidget(Label(hint, "quiet", wrap=True))
        box.addWidget(form)
        self.button = Button("保存", "primary", on_click=save)
        self.note = ValueLabel("", "error", wrap=True)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.button)
        row.addWidget(self.note, 1)
        box.addLayout(row)
        form.submitted.connect(save)

    def run(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        """Call the server while the button rests; what it refuses stands at the field or beside the button."""
        self.button.setEnabled(False)
        self.note.set_text("")

        def arrived(result: T) -> None:
            self.button.setEnabled(True)
            done(result)

        def refused(error: Exception) -> None:
            self.button.setEnabled(True)
            message = message_for(error)
            field = message.field.rsplit(".", 1)[-1]
            if field in self.form.rows:
                self.form.show_problems({field: message.text})
            else:
                self.note.set_text(message.text)

        self._place.runner.run(work, arrived, refused)

    def stored(self) -> None:
        """Say that it is kept."""
        self._place.messages.say(tr("已保存"), Tone.SUCCESS)


class SettingsPage(QWidget):
    """Three groups below each other."""

    def __init__(self, desk: Desk, place: Workplace) -> None:
        super().__init__()
        self._place = place
        self._policy = reports.ReportPolicy()
        self._limits = consultations.ConsultationPolicy()
        self._rules: ecg_critical.CriticalSettings | None = None
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.trouble = Banner()
        self.trouble.hide()
        inside = QWidget()
        inside.setMaximumWidth(960)
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(24, 16, 24, 16)
        self._column.setSpacing(16)
        self.report = Group(
            place,
            "报告",
            "每家医院各自设置；模板是还没有选择过模板的账户使用的模板。",
            FormView(
                [
                    Section(
                        "",
                        [
                            ChoiceField(key="campus_id", label="医院", required=True),
                            ChoiceField(key="template", label="报告模板选择", required=True),
                            ChoiceField(key="qtc_formula", label="QTc 公式", required=True, choices=FORMULAS),
                            SwitchField(key="two_level", label="两级阅图（初读后审核）"),
                            SwitchField(key="same_person", label="允许初读者本人审核"),
                        ],
                    )
                ],
                columns=3,
            ),
            self._save_report,
        )
        self.consultation = Group(
            place,
            "会诊时限",
            "从申请起计；超过时限的时钟变红，达到提醒比例时变黄。",
            FormView(self._limit_sections(), columns=3),
            self._save_limits,
        )
        self._column.addWidget(self.report)
        self._column.addWidget(self.consultation)
        self.critical: Group | None = None
        self._column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.trouble)
        outer.addWidget(scrolling(inside), 1)
        self.report.form.changed.connect(self._typed)
        for group in (self.report, self.consultation):
            group.button.setEnabled(False)  # nothing is stored over settings that never came
        self._forget = on_language_change(self._rebuild_critical)
        self.refresh()

    # ── loading ──────────────────────────────────────────────────────────────────────────────────────

    def refresh(self) -> None:
        """Load all three."""
        line = self._place.connection

        def work() -> tuple[Any, ...]:
            return (
                line.call(GetHospital()),
                line.call(reports.ListTemplates()),
                line.call(consultations.GetPolicy()),
                line.call(ecg_critical.GetCriticalRules()),
            )

        self._place.runner.run(work, self._arrived, self._failed, key="ecg.settings")

    def _failed(self, error: Exception) -> None:
        self.trouble.show_message(message_for(error).text, Tone.DANGER, action="重试", on_action=self.refresh)

    def _arrived(self, found: tuple[Any, ...]) -> None:
        hospital, templates, limits, rules = found
        self.trouble.hide()
        self._offer(hospital, templates)
        self._show_limits(limits)
        self._rules = rules
        self._rebuild_critical()

    def _offer(self, hospital: HospitalView, templates: tuple[reports.TemplateView, ...]) -> None:
        form = self.report.form
        form.set_choices("campus_id", [Choice(one.id, one.name, translate=False) for one in hospital.campuses])
        names = "en" if language() is Language.ENGLISH else "zh"
        form.set_choices("template", [Choice(one.key, getattr(one, names), translate=False) for one in templates])
        if hospital.campuses:
            form.set_values({"campus_id": hospital.campuses[0].id})
            self._ask_policy()

    def _typed(self, key: str) -> None:
        if key == "campus_id":
            self._ask_policy()

    def _ask_policy(self) -> None:
        campus_id, line = self.report.form.value("campus_id"), self._place.connection
        if campus_id is not None:
            self.report.run(lambda: line.call(reports.GetPolicy(campus_id=campus_id)), self._policy_came)

    def _policy_came(self, policy: reports.ReportPolicy) -> None:
        self._policy = policy
        self.report.form.set_values(
            {
                "template": policy.template,
                "qtc_formula": policy.qtc_formula,
                "two_level": policy.two_level,
                "same_person": policy.same_person,
            }
        )

    # ── reports ──────────────────────────────────────────────────────────────────────────────────────

    def _save_report(self) -> None:
        if not self.report.form.validate():
            return
        values, line = self.report.form.values(), self._place.connection
        policy = msgspec.structs.replace(self._policy, **values)
        self.report.run(lambda: line.call(reports.SavePolicy(policy=policy)), self._report_stored)

    def _report_stored(self, policy: reports.ReportPolicy) -> None:
        self._policy_came(policy)
        self.report.stored()

    # ── limits ───────────────────────────────────────────────────────────────────────────────────────

    def _limit_sections(self) -> list[Section]:
        sections = [
            Section(
                URGENCIES[key].zh,
                [
                    NumberField(
                        key=f"{key}_accept", label="受理时限", unit="min", minimum=1, maximum=10_000, required=True
                    ),
                    NumberField(
                        key=f"{key}_answer", label="报告时限", unit="min", minimum=1, maximum=10_000, required=True
                    ),
                ],
            )
            for key in ORDER
        ]
        share = NumberField(key="warn_share", label="提醒比例", unit="%", minimum=1, maximum=100, required=True)
        return [*sections, Section("", [share])]

    def _show_limits(self, policy: consultations.ConsultationPolicy) -> None:
        self._limits = policy
        values: dict[str, float] = {"warn_share": round(100 * policy.warn_share)}
        for limit in policy.limits:
            values[f"{limit.urgency}_accept"] = limit.accept_minutes
            values[f"{limit.urgency}_answer"] = limit.answer_minutes
        self.consultation.form.set_values(values)
        self.consultation.button.setEnabled(True)

    def _save_limits(self) -> None:
        if not self.consultation.form.validate():
            return
        values, line = self.consultation.form.values(), self._place.connection
        policy = msgspec.structs.replace(
            self._limits,
            warn_share=values["warn_share"] / 100,
            limits=tuple(
                consultations.UrgencyLimit(
                    urgency=key,
                    accept_minutes=int(values[f"{key}_accept"]),
                    answer_minutes=int(values[f"{key}_answer"]),
                )
                for key in ORDER
            ),
        )
        self.consultation.run(lambda: line.call(consultations.SavePolicy(policy=policy)), self._limits_stored)

    def _limits_stored(self, policy: consultations.ConsultationPolicy) -> None:
        self._show_limits(policy)
        self.consultation.stored()

    # ── critical ECGs ────────────────────────────────────────────────────────────────────────────────

    def _rebuild_critical(self) -> None:
        """The rules come from the server, with their words in both languages; so the form is made when they come."""
        if self._rules is None:
            return
        old = self.critical
        if old is not None:
            self._column.removeWidget(old)
            old.deleteLater()
        self.critical = Group(
            self._place,
            "危急心电图",
            "心电图到达时逐条判断。“报警”立即进入危急值闭环，否则只提示并提前排序。",
            FormView([self._rule_section(rule) for rule in self._rules.rules], columns=3),
            self._save_rules,
        )
        self._column.insertWidget(2, self.critical)

    def _rule_section(self, rule: ecg_critical.CriticalRule) -> Section:
        words = rule.en if language() is Language.ENGLISH else rule.zh
        fields: list[Any] = [
            SwitchField(key=f"{rule.code}.enabled", label="启用", initial=rule.enabled),
            SwitchField(key=f"{rule.code}.is_alarm", label="报警", initial=rule.is_alarm),
        ]
        if rule.limit is not None:
            fields.append(
                NumberField(
                    key=f"{rule.code}.limit",
                    label="界限",
                    unit=rule.unit,
                    initial=rule.limit,
                    decimals=1,
                    required=True,
                )
            )
        return Section(words, fields)

    def _save_rules(self) -> None:
        group, rules = self.critical, self._rules
        if group is None or rules is None or not group.form.validate():
            return
        values, line = group.form.values(), self._place.connection
        changed = tuple(
            msgspec.structs.replace(
                rule,
                enabled=values[f"{rule.code}.enabled"],
                is_alarm=values[f"{rule.code}.is_alarm"],
                limit=values.get(f"{rule.code}.limit", rule.limit),
            )
            for rule in rules.rules
        )
        settings = msgspec.structs.replace(rules, rules=changed)
        group.run(lambda: line.call(ecg_critical.SaveCriticalRules(settings=settings)), self._rules_stored)

    def _rules_stored(self, settings: ecg_critical.CriticalSettings) -> None:
        self._rules = settings
        if self.critical is not None:
            self.critical.stored()

    def closeEvent(self, event: object) -> None:
        self._forget()
        super().closeEvent(event)  # type: ignore[arg-type]
