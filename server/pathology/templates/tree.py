"""Use cases of the tree of templates: organs, diseases, texts and their revisions."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import delete, func, or_, select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import illegal_action, invalid, not_found
from server.organisation.initials import initials
from server.pathology.templates import rules
from server.pathology.templates.tables import EVERYBODY, TemplateDisease, TemplateRevision, TemplateSite
from shared.contract import pathology_templates as contract
from shared.contract.base import Changed
from shared.domain.permissions import Permission

ENTITY = "pathology_templates"


class TemplateTree:
    """Every method works in the caller's unit of work."""

    def __init__(self, time: HospitalTime) -> None:
        self._time = time

    def listed(self, uow: UnitOfWork, caller: Caller, kind: contract.TemplateKind) -> tuple[contract.SiteView, ...]:
        """Return the public tree and the caller's own."""
        seen = or_(TemplateSite.owner_id == EVERYBODY, TemplateSite.owner_id == caller.user_id)
        statement = select(TemplateSite).where(seen, TemplateSite.kind == kind.value)
        sites = uow.session.scalars(
            statement.order_by(TemplateSite.owner_id, TemplateSite.position, TemplateSite.name)
        ).all()
        below: dict[int, list[contract.DiseaseRow]] = defaultdict(list)
        diseases = uow.session.execute(
            select(
                TemplateDisease.site_id,
                TemplateDisease.id,
                TemplateDisease.version,
                TemplateDisease.name,
                TemplateDisease.usable,
                TemplateDisease.revision,
            )
            .join(TemplateSite, TemplateSite.id == TemplateDisease.site_id)
            .where(seen, TemplateSite.kind == kind.value)
            .order_by(TemplateDisease.position, TemplateDisease.name)
        )
        for site_id, id_, version, name, usable, revision in diseases:
            below[site_id].append(
                contract.DiseaseRow(
                    id=id_,
                    version=version,
                    name=name,
                    initials=initials(name).upper(),
                    usable=usable,
                    is_empty=revision == 0,
                )
            )
        return tuple(_site(site, caller, tuple(below[site.id])) for site in sites)

    def text(self, uow: UnitOfWork, caller: Caller, template_id: int) -> contract.TemplateText:
        """Return the texts of a disease. Raises NOT_FOUND."""
        return _text(*self._disease(uow, caller, template_id), caller)

    def revisions(self, uow: UnitOfWork, caller: Caller, template_id: int) -> tuple[contract.TextRevision, ...]:
        """Return every kept state of the texts, newest first. Raises NOT_FOUND."""
        disease, _site_row = self._disease(uow, caller, template_id)
        rows = uow.session.scalars(
            select(TemplateRevision)
            .where(TemplateRevision.disease_id == disease.id)
            .order_by(TemplateRevision.revision.desc())
        )
        return tuple(
            contract.TextRevision(
                revision=row.revision,
                findings=row.findings,
                diagnosis=row.diagnosis,
                saved_by=row.saved_by,
                saved_at=row.saved_at,
            )
            for row in rows
        )

    def save_site(self, uow: UnitOfWork, caller: Caller, request: contract.SaveSite) -> contract.SiteView:
        """Add or rename an organ. Raises INVALID, NOT_FOUND, CONFLICT, PERMISSION_MISSING."""
        name = rules.clean_name(request.name)
        if request.site_id is None:
            owner = caller.user_id if request.personal else EVERYBODY
            rules.require_templates(caller, owner)
            site = self.add_site(uow, owner, request.kind, name)
        else:
            site = self._site(uow, caller, request.site_id)
            rules.require_templates(caller, site.owner_id)
            site.expect(request.version)
            if name != site.name:
                _require_free_site(uow, site.owner_id, site.kind, name)
            site.name = name
            site.touch()
        uow.session.flush()
        uow.publish(Changed(ENTITY, site.id, site.version))
        rows = [one for one in self.listed(uow, caller, contract.TemplateKind(site.kind)) if one.id == site.id]
        return rows[0]

    def add_site(self, uow: UnitOfWork, owner: int, kind: contract.TemplateKind, name: str) -> TemplateSite:
        """Add an organ at the end. Raises INVALID when the name is taken."""
        _require_free_site(uow, owner, kind.value, name)
        last = uow.session.scalar(select(func.max(TemplateSite.position)).where(TemplateSite.kind == kind.value))
        site = TemplateSite(owner_id=owner, kind=kind.value, name=name, position=(last or 0) + 1, version=1)
        uow.session.add(site)
        uow.session.flush()
        return site

    def delete_site(self, uow: UnitOfWork, caller: Caller, request: contract.DeleteSite) -> None:
        """Delete an organ. Raises NOT_FOUND, CONFLICT, PERMISSION_MISSING, ILLEGAL_ACTION."""
        site = self._site(uow, caller, request.site_id)
        rules.require_templates(caller, site.owner_id)
        site.expect(request.version)
        diseases = uow.session.scalars(select(TemplateDisease).where(TemplateDisease.site_id == site.id)).all()
        if diseases and not request.with_diseases:
            raise illegal_action("diseases", f"“{site.name}”下还有 {len(diseases)} 个病种，确认后才能一并删除。")
        for disease in diseases:
            _forget(uow, disease)
        uow.session.flush()
        uow.session.delete(site)
        uow.publish(Changed(ENTITY, request.site_id, request.version + 1))

    def save_disease(self, uow: UnitOfWork, caller: Caller, request: contract.SaveDisease) -> contract.TemplateText:
        """Add or rename a disease. Raises INVALID, NOT_FOUND, CONFLICT, PERMISSION_MISSING."""
        name = rules.clean_name(request.name)
        site = self._site(uow, caller, request.site_id)
        rules.require_templates(caller, site.owner_id)
        if request.template_id is None:
            disease = self.add_disease(uow, site, name)
        else:
            disease, site = self._disease(uow, caller, request.template_id)
            rules.require_templates(caller, site.owner_id)
            disease.expect(request.version)
            if name != disease.name:
                _require_free_disease(uow, site, name)
            disease.name = name
            disease.touch()
        uow.session.flush()
        uow.publish(Changed(ENTITY, disease.id, disease.version))
        return _text(disease, site, caller)

    def add_disease(self, uow: UnitOfWork, site: TemplateSite, name: str) -> TemplateDisease:
        """Add a disease without texts at the end of an organ. Raises INVALID when the name is taken."""
        _require_free_disease(uow, site, name)
        last = uow.session.scalar(select(func.max(TemplateDisease.position)).where(TemplateDisease.site_id == site.id))
        disease = TemplateDisease(
            site_id=site.id,
            name=name,
            position=(last or 0) + 1,
            findings="",
            diagnosis="",
            usable=False,
            revision=0,
            saved_by="",
            saved_at=None,
            version=1,
        )
        uow.session.add(disease)
        uow.session.flush()
        return disease

    def delete_disease(self, uow: UnitOfWork, caller: Caller, request: contract.DeleteDisease) -> None:
        """Delete a disease with its texts. Raises NOT_FOUND, CONFLICT, PERMISSION_MISSING."""
        disease, site = self._disease(uow, caller, request.template_id)
        rules.require_templates(caller, site.owner_id)
        disease.expect(request.version)
        _forget(uow, disease)
        uow.publish(Changed(ENTITY, request.template_id, request.version + 1))

    def save_texts(self, uow: UnitOfWork, caller: Caller, request: contract.SaveTexts) -> contract.TemplateText:
        """Keep texts as a new revision. Raises INVALID, NOT_FOUND, CONFLICT, PERMISSION_MISSING."""
        disease, site = self._disease(uow, caller, request.template_id)
        rules.require_templates(caller, site.owner_id)
        disease.expect(request.version)
        diagnosis = "" if site.kind == contract.TemplateKind.GROSS else request.diagnosis
        self.write(uow, disease, request.findings, diagnosis, caller.name)
        uow.publish(Changed(ENTITY, disease.id, disease.version))
        return _text(disease, site, caller)

    def write(self, uow: UnitOfWork, disease: TemplateDisease, findings: str, diagnosis: str, by: str) -> None:
        """Set the texts and keep them as the next revision. Raises INVALID."""
        disease.usable = rules.check_texts(findings, diagnosis)
        disease.findings, disease.diagnosis = findings, diagnosis
        disease.revision += 1
        disease.saved_by, disease.saved_at = by[:120], self._time.now()
        disease.touch()
        uow.session.add(
            TemplateRevision(
                disease_id=disease.id,
                revision=disease.revision,
                findings=findings,
                diagnosis=diagnosis,
                saved_by=disease.saved_by,
                saved_at=disease.saved_at,
            )
        )
        uow.session.flush()

    def _site(self, uow: UnitOfWork, caller: Caller, site_id: int) -> TemplateSite:
        site = uow.session.get(TemplateSite, site_id)
        if site is None or site.owner_id not in (EVERYBODY, caller.user_id):
            raise not_found("该部位")
        return site

    def _disease(self, uow: UnitOfWork, caller: Caller, id_: int) -> tuple[TemplateDisease, TemplateSite]:
        disease = uow.session.get(TemplateDisease, id_)
        if disease is None:
            raise not_found("该病种")
        return disease, self._site(uow, caller, disease.site_id)


def _require_free_site(uow: UnitOfWork, owner: int, kind: str, name: str) -> None:
    same = (TemplateSite.owner_id == owner, TemplateSite.kind == kind, TemplateSite.name == name)
    if uow.session.scalar(select(TemplateSite.id).where(*same)) is not None:
        raise invalid("name", f"部位“{name}”已存在。")


def _require_free_disease(uow: UnitOfWork, site: TemplateSite, name: str) -> None:
    same = (TemplateDisease.site_id == site.id, TemplateDisease.name == name)
    if uow.session.scalar(select(TemplateDisease.id).where(*same)) is not None:
        raise invalid("name", f"“{site.name}”下已有病种“{name}”。")


def _forget(uow: UnitOfWork, disease: TemplateDisease) -> None:
    uow.session.execute(delete(TemplateRevision).where(TemplateRevision.disease_id == disease.id))
    uow.session.delete(disease)


def _may_edit(site: TemplateSite, caller: Caller) -> bool:
    return site.owner_id != EVERYBODY or caller.may(Permission.PATHOLOGY_TEMPLATES)


def _site(site: TemplateSite, caller: Caller, diseases: tuple[contract.DiseaseRow, ...]) -> contract.SiteView:
    return contract.SiteView(
        id=site.id,
        version=site.version,
        kind=contract.TemplateKind(site.kind),
        name=site.name,
        initials=initials(site.name).upper(),
        is_mine=site.owner_id != EVERYBODY,
        may_edit=_may_edit(site, caller),
        diseases=diseases,
    )


def _text(disease: TemplateDisease, site: TemplateSite, caller: Caller) -> contract.TemplateText:
    return contract.TemplateText(
        id=disease.id,
        version=disease.version,
        site_id=site.id,
        kind=contract.TemplateKind(site.kind),
        site=site.name,
        name=disease.name,
        findings=disease.findings,
        diagnosis=disease.diagnosis,
        usable=disease.usable,
        revision=disease.revision,
        is_mine=site.owner_id != EVERYBODY,
        may_edit=_may_edit(site, caller),
        saved_by=disease.saved_by,
        saved_at=disease.saved_at,
    )
