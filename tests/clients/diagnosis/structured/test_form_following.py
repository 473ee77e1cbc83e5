"""Form and texts stay in step when hands, templates and merges change the texts."""

from __future__ import annotations

import msgspec

from clients.diagnosis.report.merging import content_merge
from clients.diagnosis.structured.following import flat_texts, followed, with_woven
from shared.contract.reporting import ReportContent
from shared.domain.rich_text import plain
from shared.domain.structured import FieldValue, FormContent
from shared.domain.structured_document import refill
from shared.domain.structured_form import Filled, new_form, with_value
from tests.structured_samples import nodule_template

TEMPLATE = nodule_template()


def put(content: ReportContent, path: str, text: str) -> ReportContent:
    form = content.form or new_form(TEMPLATE, 1, 1)
    changed = with_value(form, path, FieldValue(text=text))
    return with_woven(content, refill(Filled(TEMPLATE, changed), flat_texts(content)))


def standing(content: ReportContent) -> dict[str, str]:
    assert isinstance(content.form, FormContent)
    texts = flat_texts(content)
    return {one.key: texts[one.part][one.start :][: len(one.standing)] for one in content.form.sentences}


BASE = put(ReportContent(), "emphysema", "轻度")


def test_a_hand_that_writes_before_a_sentence_moves_it() -> None:
    after = followed(BASE, msgspec.structs.replace(BASE, findings=f"<p>另一句。</p>{BASE.findings}"))
    assert (standing(after)["technique:"], standing(after)["emphysema"]) == ("胸部平扫扫描。", "肺气肿：轻度。")
    assert "肺气肿：重度。" in plain(put(after, "emphysema", "重度").findings)


def test_a_text_that_comes_with_its_own_form_is_left_alone() -> None:
    other = put(BASE, "emphysema", "重度")
    assert followed(BASE, other) == other
    assert followed(BASE, msgspec.structs.replace(BASE, form=None)).form is None


def test_two_doctors_who_filled_different_fields_are_merged_without_a_question() -> None:
    mine, theirs = put(BASE, "advice", "复查"), put(BASE, "emphysema", "重度")
    merge = content_merge(BASE, mine, theirs)
    assert merge.open_questions == ()
    merged = merge.content()
    assert merged.form is not None
    assert merged.form.values == {"emphysema": FieldValue(text="重度"), "advice": FieldValue(text="复查")}
    assert standing(merged)["emphysema"] == "肺气肿：重度。" and standing(merged)["advice"] == "建议：复查。"
    assert not any(one.is_edited for one in merged.form.sentences)
