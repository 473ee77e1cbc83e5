"""Every method of structured reports and each of its refusals, through real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import msgspec
import pytest
from structured_samples import nodule_template

from server.structured.catalogue import supplied_templates
from shared.contract.base import Page
from shared.contract.errors import RpcError
from shared.contract.structured import (
    CodedCondition,
    DeleteFormTemplate,
    ExportMrrt,
    FindCodedReports,
    GetCodedReport,
    GetFormTemplate,
    GetPriorValues,
    ImportMrrt,
    ListFormTemplates,
    ListFormTemplateVersions,
    PublishFormTemplate,
    RetireFormTemplate,
    SaveFormTemplate,
    TemplateState,
)
from shared.domain.structured import Field, FieldValue, FormTemplate
from tests.server.reporting.reporting_world import NOON, an_exam
from tests.server.structured.structured_house import ROLES, StructuredHouse, a_form, refusal


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StructuredHouse]:
    with ExitStack() as clients:
        made = StructuredHouse(tmp_path_factory.mktemp("structured"), clients)
        yield made
    made.close()


def own(title: str) -> FormTemplate:
    return msgspec.structs.replace(nodule_template(), title=title, identifier="")


def test_the_supplied_templates_are_published_once(house: StructuredHouse) -> None:
    assert house.installed == 10
    with house.rpc.database.write() as uow:
        assert house.structured.templates.install(uow) == 0
    rows = house.clients["doctor"].call(ListFormTemplates())
    assert {one.title for one in supplied_templates()} <= {row.title for row in rows}
    assert all(row.state is TemplateState.PUBLISHED for row in rows)


def test_templates_are_suggested_by_exam_type_and_body_part(house: StructuredHouse) -> None:
    report_id = house.world.a_report(an_exam(901))
    rows = house.clients["doctor"].call(ListFormTemplates(report_id=report_id))
    assert rows[0].title == "胸部CT 肺结节（Lung-RADS）" and rows[0].fit > 0
    assert [row.fit for row in rows] == sorted((row.fit for row in rows), reverse=True)
    assert next(row for row in rows if "乳腺" in row.title).fit == 0
    assert refusal(house.clients["doctor"], ListFormTemplates(report_id=10**6))[0] == "not_found"


def test_a_personal_template_is_saved_published_and_seen_by_its_owner_alone(house: StructuredHouse) -> None:
    doctor, other = house.clients["doctor"], house.clients["doctor2"]
    draft = doctor.call(SaveFormTemplate(template=own("我的模板")))
    assert (draft.version, draft.row.state) == (1, TemplateState.DRAFT) and draft.template.identifier.startswith(
        "2.25."
    )
    assert draft.row.id not in {row.id for row in doctor.call(ListFormTemplates())}
    assert draft.row.id in {row.id for row in doctor.call(ListFormTemplates(for_editing=True))}
    assert draft.row.id not in {row.id for row in other.call(ListFormTemplates(for_editing=True))}
    assert refusal(other, GetFormTemplate(id=draft.row.id))[0] == "not_found"
    assert other.call(GetFormTemplate(id=draft.row.id, version=1)).template == draft.template, "reports show it"
    done = doctor.call(PublishFormTemplate(id=draft.row.id, version=1))
    assert done.row.state is TemplateState.PUBLISHED
    assert draft.row.id in {row.id for row in doctor.call(ListFormTemplates())}


def test_a_change_makes_a_version_and_the_published_one_stays_in_use(house: StructuredHouse) -> None:
    doctor = house.clients["doctor"]
    first = doctor.call(SaveFormTemplate(template=own("版本")))
    doctor.call(PublishFormTemplate(id=first.row.id, version=1))
    changed = msgspec.structs.replace(first.template, title="版本二")
    second = doctor.call(SaveFormTemplate(id=first.row.id, version=1, template=changed))
    assert (second.version, second.row.published_version) == (2, 1)
    assert doctor.call(GetFormTemplate(id=first.row.id)).version == 1
    assert doctor.call(GetFormTemplate(id=first.row.id, version=-1)).version == 2
    again = doctor.call(SaveFormTemplate(id=first.row.id, version=2, template=changed))
    assert again.version == 2, "saving the same thing makes no version"
    assert refusal(doctor, SaveFormTemplate(id=first.row.id, version=1, template=changed))[0] == "conflict"
    assert refusal(doctor, PublishFormTemplate(id=first.row.id, version=1))[0] == "conflict"
    rows = doctor.call(ListFormTemplateVersions(id=first.row.id))
    assert [(row.version, row.is_published) for row in rows] == [(2, False), (1, True)]
    assert refusal(house.clients["doctor2"], ListFormTemplateVersions(id=first.row.id))[0] == "not_found"


def test_only_administrators_change_public_templates(house: StructuredHouse) -> None:
    doctor, admin = house.clients["doctor"], house.clients["administrator"]
    public = house.template("膝关节")
    changed = msgspec.structs.replace(public.template, description="x")
    for request in (
        SaveFormTemplate(is_public=True, template=own("公共")),
        SaveFormTemplate(id=public.row.id, version=public.version, template=changed),
        PublishFormTemplate(id=public.row.id, version=public.version),
        RetireFormTemplate(id=public.row.id),
        DeleteFormTemplate(id=public.row.id),
        ImportMrrt(html=doctor.call(ExportMrrt(id=public.row.id)).html, is_public=True),
    ):
        assert refusal(doctor, request)[0] == "permission_missing", request
    made = admin.call(SaveFormTemplate(is_public=True, template=own("公共")))
    assert made.row.owner_id == 0
    assert (
        admin.call(
            SaveFormTemplate(id=made.row.id, version=1, template=msgspec.structs.replace(made.template, title="公共二"))
        ).version
        == 2
    )


def test_every_method_needs_the_right_to_report(house: StructuredHouse) -> None:
    template = nodule_template()
    requests = (
        ListFormTemplates(),
        GetFormTemplate(id=1),
        SaveFormTemplate(template=template),
        PublishFormTemplate(id=1, version=1),
        RetireFormTemplate(id=1),
        DeleteFormTemplate(id=1),
        ListFormTemplateVersions(id=1),
        ImportMrrt(html=b""),
        ExportMrrt(id=1),
        GetCodedReport(report_id=1),
        GetPriorValues(report_id=1, template_id=1),
        FindCodedReports(conditions=()),
    )
    for request in requests:
        assert refusal(house.clients["clerk"], request)[0] == "permission_missing"
    assert set(ROLES) <= set(house.clients)


def test_a_template_with_a_mistake_is_refused_with_the_place(house: StructuredHouse) -> None:
    wrong = own("错误")
    section = msgspec.structs.replace(wrong.sections[1], fields=(Field(key="x", label="某项", formula="1 +"),))
    wrong = msgspec.structs.replace(wrong, sections=(section,))
    code, sentence = refusal(house.clients["doctor"], SaveFormTemplate(template=wrong))
    assert code == "invalid" and sentence.startswith("某项：公式")


def test_the_same_identifier_twice_is_refused(house: StructuredHouse) -> None:
    doctor = house.clients["doctor"]
    template = msgspec.structs.replace(own("同一标识"), identifier="2.25.77")
    doctor.call(SaveFormTemplate(template=template))
    assert refusal(doctor, SaveFormTemplate(template=template))[0] == "duplicate"
    house.clients["doctor2"].call(SaveFormTemplate(template=template))


def test_retiring_and_deleting(house: StructuredHouse) -> None:
    doctor = house.clients["doctor"]
    made = doctor.call(SaveFormTemplate(template=own("停用")))
    assert refusal(doctor, RetireFormTemplate(id=made.row.id))[0] == "illegal_action"
    doctor.call(PublishFormTemplate(id=made.row.id, version=1))
    assert refusal(doctor, DeleteFormTemplate(id=made.row.id))[0] == "illegal_action"
    assert doctor.call(RetireFormTemplate(id=made.row.id)).row.state is TemplateState.RETIRED
    assert made.row.id not in {row.id for row in doctor.call(ListFormTemplates())}
    assert doctor.call(GetFormTemplate(id=made.row.id, version=1)).template == made.template, "written reports show it"
    draft = doctor.call(SaveFormTemplate(template=own("草稿")))
    doctor.call(DeleteFormTemplate(id=draft.row.id))
    assert refusal(doctor, GetFormTemplate(id=draft.row.id, version=1))[0] == "not_found"
    assert refusal(doctor, DeleteFormTemplate(id=draft.row.id))[0] == "not_found"


def test_a_file_goes_out_and_comes_back_as_the_same_template(house: StructuredHouse) -> None:
    doctor = house.clients["doctor"]
    public = house.template("甲状腺")
    file = doctor.call(ExportMrrt(id=public.row.id))
    assert file.file_name.endswith(".html") and "甲状腺" in file.file_name
    imported = doctor.call(ImportMrrt(html=file.html))
    assert imported.view.template == public.template and imported.unknown == ()
    assert imported.view.row.owner_id != 0 and imported.view.row.state is TemplateState.DRAFT
    again = doctor.call(ImportMrrt(html=file.html))
    assert (again.view.row.id, again.view.version) == (imported.view.row.id, 1), "the same file makes no version"
    newer = file.html.replace("甲状腺及颈部".encode(), "甲状腺和颈部".encode())
    assert doctor.call(ImportMrrt(html=newer)).view.version == 2
    assert refusal(doctor, ImportMrrt(html=b"<p>hello</p>"))[0] == "invalid"
    assert refusal(doctor, ExportMrrt(id=10**6))[0] == "not_found"


def test_values_are_coded_with_the_report_and_found_after_approval(house: StructuredHouse) -> None:
    doctor = house.clients["doctor"]
    view = house.template("乳腺")
    report_id = house.world.a_report(an_exam(11, patient_id=11, name="李四"))
    form = a_form(
        view,
        {
            "right": FieldValue(options=("4B",)),
            "left": FieldValue(options=("2",)),
            "masses.1.long": FieldValue(number=21.5, instance_uid="1.2.3", frame=1),
            "masses.1.margin": FieldValue(options=("angular", "spiculated")),
        },
        masses=(1,),
    )
    house.write(report_id, form)
    coded = doctor.call(GetCodedReport(report_id=report_id))
    assert coded.template_title == "乳腺超声 / 钼靶（BI-RADS）"
    by_path = {one.path: one for one in coded.values}
    assert by_path["right"].codes[0].value == "BIRADS-4B"
    assert (by_path["masses.1.long"].number, by_path["masses.1.long"].unit) == (21.5, "mm")
    wanted = CodedCondition(scheme="99MJ", code="BIRADS-4B")
    assert doctor.call(FindCodedReports(conditions=(wanted,))).total == 0, "not approved yet"
    house.approve(report_id)
    hits = doctor.call(FindCodedReports(conditions=(wanted,)))
    assert [(hit.report_id, hit.patient_name, hit.label) for hit in hits.rows] == [(report_id, "李四", "右乳 BI-RADS")]
    size = CodedCondition(path="masses.long", at_least=20)
    assert doctor.call(FindCodedReports(conditions=(wanted, size))).total == 1
    assert (
        doctor.call(FindCodedReports(conditions=(wanted, CodedCondition(path="masses.long", at_least=30)))).total == 0
    )
    assert doctor.call(FindCodedReports(conditions=(CodedCondition(text="毛刺"),))).total == 1
    assert doctor.call(FindCodedReports(conditions=(CodedCondition(template_id=view.row.id, at_most=5),))).total == 0
    today = NOON.date()
    assert doctor.call(FindCodedReports(conditions=(wanted,), examined_from=today, examined_to=today)).total == 1
    before = today - timedelta(days=1)
    assert doctor.call(FindCodedReports(conditions=(wanted,), examined_to=before)).total == 0
    assert doctor.call(FindCodedReports(conditions=(wanted,), page=Page(offset=1))).rows == ()


def test_a_search_without_conditions_is_refused(house: StructuredHouse) -> None:
    doctor = house.clients["doctor"]
    assert refusal(doctor, FindCodedReports(conditions=()))[0] == "invalid"
    assert refusal(doctor, FindCodedReports(conditions=(CodedCondition(),)))[0] == "invalid"
    assert refusal(doctor, FindCodedReports(conditions=(CodedCondition(code="x"),) * 9))[0] == "invalid"


def test_the_past_stands_beside_each_field(house: StructuredHouse) -> None:
    doctor = house.clients["doctor"]
    view = house.template("肺结节")
    before = house.world.a_report(an_exam(21, patient_id=21, finished_at=NOON - timedelta(days=90)))
    form = a_form(
        view,
        {
            "nodules.1.long": FieldValue(number=6),
            "nodules.1.short": FieldValue(number=4),
            "nodules.1.margin": FieldValue(options=("lobulated", "spiculated")),
            "emphysema": FieldValue(options=("mild",)),
        },
        nodules=(1,),
    )
    house.write(before, form)
    now = house.world.a_report(an_exam(22, patient_id=21))
    request = GetPriorValues(report_id=now, template_id=view.row.id)
    assert doctor.call(request) == (), "only approved reports count"
    house.approve(before)
    found = {one.path: one for one in doctor.call(request)}
    assert (found["nodules.1.long"].number, found["nodules.1.mean"].number) == (6, 5)
    assert found["nodules.1.margin"].text == "分叶、毛刺" and found["emphysema"].text == "轻度"
    assert doctor.call(GetPriorValues(report_id=before, template_id=view.row.id)) == (), "the present is not the past"
    assert refusal(doctor, GetPriorValues(report_id=10**6, template_id=view.row.id))[0] == "not_found"
    assert refusal(doctor, GetPriorValues(report_id=now, template_id=10**6))[0] == "not_found"


def test_a_report_without_a_form_has_no_codes(house: StructuredHouse) -> None:
    report_id = house.world.a_report(an_exam(31))
    coded = house.clients["doctor"].call(GetCodedReport(report_id=report_id))
    assert (coded.values, coded.template_id) == ((), 0)
    assert refusal(house.clients["doctor"], GetCodedReport(report_id=10**6))[0] == "not_found"


def test_the_checker_hears_what_is_missing(house: StructuredHouse) -> None:
    view = house.template("前列腺")
    report_id = house.world.a_report(an_exam(41))
    sent = house.write(report_id, a_form(view, {"transverse": FieldValue(number=50)}))
    with house.rpc.database.read() as uow:
        missing = list(house.structured.values.missing(uow, sent.content))
        assert not list(house.structured.values.missing(uow, msgspec.structs.replace(sent.content, form=None)))
    assert {(one.label, one.is_measurement) for one in missing} >= {("前后径", True), ("上下径", True)}
    assert all(one.label != "左右径" for one in missing)


def test_a_gap_in_the_form_is_doubted_at_submitting_and_may_be_overruled(house: StructuredHouse) -> None:
    view = house.template("前列腺")
    report_id = house.world.a_report(an_exam(61))
    form = a_form(view, {"transverse": FieldValue(number=50), "craniocaudal": FieldValue(number=999)})
    with pytest.raises(RpcError) as caught:
        house.write(report_id, form, overrule_reason="")
    assert caught.value.body.field == "overrule_reason"
    assert "“上下径”不能大于 150mm。" in caught.value.body.message
    assert "结构化表单还缺必填内容：前后径" in caught.value.body.message
    house.write(report_id, form, overrule_reason="病人不配合")


def test_a_form_beyond_its_bounds_is_refused(house: StructuredHouse) -> None:
    view = house.template("膝关节")
    report_id = house.world.a_report(an_exam(51))
    huge = a_form(view, {f"x{number}": FieldValue(text="x" * 4000) for number in range(120)})
    with pytest.raises(Exception, match="结构化表单内容太多"):
        house.write(report_id, huge)
