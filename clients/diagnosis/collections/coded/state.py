"""What the search over coded values shows and asks; frozen, without Qt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from shared.contract.base import Page
from shared.contract.organisation import HospitalView
from shared.contract.structured import CodedCondition, FindCodedReports, FormTemplateRow
from shared.domain.structured import Field, FieldKind, FormTemplate
from shared.domain.structured_form import option_code

_WITH_OPTIONS = (FieldKind.CHOICE, FieldKind.CHOICES)
_WITH_NUMBER = (FieldKind.NUMBER, FieldKind.MEASUREMENT, FieldKind.CALCULATED)
_WITH_TEXT = (FieldKind.TEXT, FieldKind.DATE, FieldKind.CALCULATED)


@dataclass(frozen=True)
class FieldOffer:
    """A field that can be searched. `path` has no item: "group.field" means the field of any item."""

    path: str
    label: str
    field: Field

    @property
    def has_options(self) -> bool:
        """One of its options can be asked for."""
        return self.field.kind in _WITH_OPTIONS and bool(self.field.options)

    @property
    def has_number(self) -> bool:
        """A range can be asked for."""
        return self.field.kind in _WITH_NUMBER

    @property
    def has_text(self) -> bool:
        """A part of its words can be asked for."""
        return self.field.kind in _WITH_TEXT


def offers_of(template: FormTemplate) -> tuple[FieldOffer, ...]:
    """Return the fields of a template that hold answers of words, codes or numbers, in the order of the form."""
    found = []
    for _section, field in template.fields():
        if field.kind is FieldKind.GROUP:
            found += [FieldOffer(f"{field.key}.{one.key}", f"{field.label} · {one.label}", one) for one in field.fields]
        else:
            found.append(FieldOffer(field.key, field.label, field))
    return tuple(one for one in found if one.field.kind not in (FieldKind.IMAGE, FieldKind.GROUP))


@dataclass(frozen=True)
class CodedSearchState:
    """Conditions and what they offer; `generation` rises when the hits must be fetched anew.

    `problem` says why the conditions cannot be asked, as Chinese source words.
    """

    templates: tuple[FormTemplateRow, ...] | None = None
    template_id: int = 0  # 0: none is chosen
    template: FormTemplate | None = None
    path: str = ""  # empty: any field
    option: str = ""  # key; empty: any
    text: str = ""
    at_least: float | None = None
    at_most: float | None = None
    exam_type: str = ""
    first: date | None = None
    last: date | None = None
    hospital: HospitalView | None = None
    problem: str = ""
    error: Exception | None = None
    is_loading: bool = False
    generation: int = 0

    @property
    def offers(self) -> tuple[FieldOffer, ...]:
        """The fields of the chosen template."""
        return offers_of(self.template) if self.template is not None else ()

    @property
    def offer(self) -> FieldOffer | None:
        """The chosen field."""
        return next((one for one in self.offers if one.path == self.path), None)

    @property
    def takes_text(self) -> bool:
        """Words can be asked for: in a field of words, or in any field."""
        offer = self.offer
        return bool(self.template_id) and (offer is None or offer.has_text)

    def condition(self) -> CodedCondition | None:
        """Return what an answer must be; None while no template is chosen."""
        if not self.template_id:
            return None
        offer = self.offer
        code = None
        if offer is not None and offer.has_options and self.option:
            code = option_code(offer.field, self.option)
        has_number = offer is not None and offer.has_number
        return CodedCondition(
            template_id=self.template_id,
            path=offer.path if offer is not None else "",
            scheme=code.scheme if code is not None else "",
            code=code.value if code is not None else "",
            text=self.text if self.takes_text else "",
            at_least=self.at_least if has_number else None,
            at_most=self.at_most if has_number else None,
        )

    def request(self, page: Page) -> FindCodedReports | None:
        """Return what to ask the server; None when there is nothing to ask."""
        condition = self.condition()
        if condition is None or self.problem:
            return None
        return FindCodedReports(
            conditions=(condition,),
            exam_type=self.exam_type,
            examined_from=self.first,
            examined_to=self.last,
            page=page,
        )


def problem_of(state: CodedSearchState) -> str:
    """Return why the conditions contradict themselves; empty when they do not."""
    if state.at_least is not None and state.at_most is not None and state.at_least > state.at_most:
        return "数值的下限大于上限，请改正。"
    if state.first is not None and state.last is not None and state.first > state.last:
        return "起始日期晚于结束日期，请改正。"
    return ""
