"""The kept texts of a report: cleaned, complete, one row per version, nothing overwritten that was saved by hand."""

from __future__ import annotations

import msgspec
from sqlalchemy import func, select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid
from server.reporting.ports import Organisation
from server.reporting.settings import ReportingSettings
from server.reporting.tables import Report, ReportText
from shared.contract.reporting import ReportContent
from shared.domain.report_choices import CRITICAL, HP, LONGEST_WORD, MOST_CHOICES, Choice, ChoiceError, choices_of
from shared.domain.rich_text import plain, sanitised
from shared.domain.states import CriticalValue, HpResult
from shared.domain.structured import FormContent

_LONGEST_FORM = 400_000  # characters of JSON
_SCORES = ("", "甲", "乙", "丙", "丁")


class Texts:
    """Keeps what was written, version by version."""

    def __init__(self, organisation: Organisation, time: HospitalTime, settings: ReportingSettings) -> None:
        self._organisation = organisation
        self._time = time
        self._settings = settings

    def clean(self, content: ReportContent) -> ReportContent:
        """Return the content as it is kept; raises the INVALID refusal for what is too long or no score."""
        limit = self._settings.text_limit
        for field, text in (("findings", content.findings), ("impression", content.impression)):
            if len(text) > limit:
                raise invalid(field, f"内容太长，最多 {limit} 个字符，请删减。")
        for field, score in (("image_quality", content.image_quality), ("report_quality", content.report_quality)):
            if score not in _SCORES and not (score.isascii() and score.isdigit() and int(score) <= 100):
                raise invalid(field, "评分请选甲、乙、丙、丁，或 0 到 100。")
        if len(content.choices) > MOST_CHOICES or any(
            len(word) > LONGEST_WORD for pair in content.choices.items() for word in pair
        ):
            raise invalid("choices", "选项太多或太长，请重新选择。")
        if content.form is not None and len(_form_text(content.form)) > _LONGEST_FORM:
            raise invalid("form", "结构化表单内容太多，请删减后再保存。")
        return msgspec.structs.replace(
            content, findings=sanitised(content.findings), impression=sanitised(content.impression)
        )

    def demand_complete(self, uow: UnitOfWork, report: Report, content: ReportContent) -> None:
        """Refuse a content with empty mandatory parts (RIS-RPE-06)."""
        if not plain(content.findings):
            raise invalid("findings", "请填写影像所见。")
        if not plain(content.impression):
            raise invalid("impression", "请填写诊断意见。")
        for choice in self.choices(uow, report):
            value = value_of(content, choice.key)
            if value and not choice.has(value):
                raise invalid(choice.key, f"{choice.label}没有这个选项，请重新选择。")
            if choice.is_required and not value:
                raise invalid(choice.key, f"请选择{_spaced(choice.label)}。")

    def choices(self, uow: UnitOfWork, report: Report) -> tuple[Choice, ...]:
        """Return what this exam type asks for below the text, the critical value first."""
        exam_type = self._organisation.hospital(uow).exam_types.get(report.exam_type)
        if exam_type is None:
            return choices_of("")
        try:
            return choices_of(exam_type.choices, hp_required=exam_type.hp_required)
        except ChoiceError:  # master data is checked when it is saved: only a newer syntax can come here
            return choices_of("", hp_required=exam_type.hp_required)

    def hp_required(self, uow: UnitOfWork, report: Report) -> bool:
        """Say whether this exam type asks for HP."""
        return any(choice.key == HP for choice in self.choices(uow, report))

    def text(self, uow: UnitOfWork, report: Report, number: int | None = None) -> ReportText | None:
        """Return a kept text, the present one without a number."""
        return uow.session.get(ReportText, (report.id, report.text_number if number is None else number))

    def is_automatic(self, uow: UnitOfWork, report: Report) -> bool:
        """Say whether the present text was saved by itself, not by hand."""
        text = self.text(uow, report)
        return text is not None and text.is_automatic

    def keep(
        self, uow: UnitOfWork, caller: Caller, report: Report, content: ReportContent, *, is_automatic: bool
    ) -> bool:
        """Keep `content` as the present text and return whether that changed anything."""
        content = self.clean(content)
        present = self.text(uow, report)
        if present is not None and content_of(present) == content:
            if present.is_automatic and not is_automatic:
                present.is_automatic = False
                return True
            return False
        if present is None and content == ReportContent():
            return False
        values = values_of(content)
        if present is not None and present.is_automatic and is_automatic and present.by_id == caller.user_id:
            for name, value in values.items():
                setattr(present, name, value)
            present.at = self._time.now()
            return True
        number = 1 + (
            uow.session.scalar(
                select(func.coalesce(func.max(ReportText.number), 0)).where(ReportText.report_id == report.id)
            )
            or 0
        )
        uow.session.add(
            ReportText(
                report_id=report.id,
                number=number,
                at=self._time.now(),
                by_id=caller.user_id,
                by=caller.name,
                is_automatic=is_automatic,
                **values,
            )
        )
        report.text_number = number
        uow.session.flush()
        return True

    def restore_submitted(self, uow: UnitOfWork, caller: Caller, report: Report) -> None:
        """Make the text that was submitted the present one again."""
        submitted = self.text(uow, report, report.submitted_number)
        content = content_of(submitted) if submitted else ReportContent()
        self.keep(uow, caller, report, content, is_automatic=False)

    def put_back(self, uow: UnitOfWork, caller: Caller, report: Report, number: int) -> None:
        """Make an earlier text the present one again; what stood there meanwhile stays kept."""
        earlier = self.text(uow, report, number)
        if earlier is not None:
            self.keep(uow, caller, report, content_of(earlier), is_automatic=False)


def content_of(text: ReportText) -> ReportContent:
    """Return a kept text as content."""
    return ReportContent(
        findings=text.findings,
        impression=text.impression,
        critical_value=CriticalValue(text.critical_value),
        hp=HpResult(text.hp),
        image_quality=text.image_quality,
        report_quality=text.report_quality,
        choices=msgspec.json.decode(text.choices, type=dict[str, str]) if text.choices else {},
        form=msgspec.json.decode(text.form, type=FormContent) if text.form else None,
    )


def values_of(content: ReportContent) -> dict[str, str]:
    """Return the content as columns."""
    return {
        "findings": content.findings,
        "impression": content.impression,
        "critical_value": str(content.critical_value),
        "hp": str(content.hp),
        "image_quality": content.image_quality,
        "report_quality": content.report_quality,
        "form": _form_text(content.form),
        "choices": msgspec.json.encode(content.choices, order="deterministic").decode() if content.choices else "",
    }


def value_of(content: ReportContent, key: str) -> str:
    """Return what is chosen of a choice, empty when nothing is."""
    if key == CRITICAL:
        return "" if content.critical_value is CriticalValue.UNSET else str(content.critical_value)
    if key == HP:
        return "" if content.hp is HpResult.UNSET else str(content.hp)
    return content.choices.get(key, "")


def _spaced(label: str) -> str:
    """Chinese typography: a blank before Latin letters."""
    return f" {label}" if label[:1].isascii() else label


def _form_text(form: FormContent | None) -> str:
    return "" if form is None else msgspec.json.encode(form, order="deterministic").decode()
