"""Handlers of templates, prompts, descriptors, markers and panels."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from server.pathology.templates.files import TemplateFiles
from server.pathology.templates.lists import Descriptors, Markers, Prompts
from server.pathology.templates.tree import TemplateTree
from shared.contract import pathology_templates as contract
from shared.contract.base import Nothing


class TemplatesRpc:
    """What workstations ask about templates."""

    def __init__(
        self, tree: TemplateTree, prompts: Prompts, descriptors: Descriptors, markers: Markers, files: TemplateFiles
    ) -> None:
        self._tree, self._prompts, self._descriptors, self._markers = tree, prompts, descriptors, markers
        self._files = files

    @handles
    def list_tree(self, request: contract.ListTree, caller: Caller, uow: UnitOfWork) -> tuple[contract.SiteView, ...]:
        return self._tree.listed(uow, caller, request.kind)

    @handles
    def get(self, request: contract.GetTemplate, caller: Caller, uow: UnitOfWork) -> contract.TemplateText:
        return self._tree.text(uow, caller, request.template_id)

    @handles
    def save_site(self, request: contract.SaveSite, caller: Caller, uow: UnitOfWork) -> contract.SiteView:
        return self._tree.save_site(uow, caller, request)

    @handles
    def delete_site(self, request: contract.DeleteSite, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._tree.delete_site(uow, caller, request)
        return Nothing()

    @handles
    def save_disease(self, request: contract.SaveDisease, caller: Caller, uow: UnitOfWork) -> contract.TemplateText:
        return self._tree.save_disease(uow, caller, request)

    @handles
    def delete_disease(self, request: contract.DeleteDisease, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._tree.delete_disease(uow, caller, request)
        return Nothing()

    @handles
    def save_texts(self, request: contract.SaveTexts, caller: Caller, uow: UnitOfWork) -> contract.TemplateText:
        return self._tree.save_texts(uow, caller, request)

    @handles
    def revisions(
        self, request: contract.ListRevisions, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.TextRevision, ...]:
        return self._tree.revisions(uow, caller, request.template_id)

    @handles
    def export_templates(self, request: contract.ExportTemplates, caller: Caller, uow: UnitOfWork) -> contract.FileOut:
        return self._files.export_templates(uow, caller, request)

    @handles
    def import_templates(
        self, request: contract.ImportTemplates, caller: Caller, uow: UnitOfWork
    ) -> contract.ImportReport:
        return self._files.import_templates(uow, caller, request)

    @handles
    def list_prompts(
        self, request: contract.ListPrompts, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.PromptField, ...]:
        return self._prompts.listed(uow, request.keys)

    @handles
    def save_prompts(self, request: contract.SavePrompts, caller: Caller, uow: UnitOfWork) -> contract.PromptField:
        return self._prompts.save(uow, request.key, request.version, request.entries)

    @handles
    def export_prompts(self, request: contract.ExportPrompts, caller: Caller, uow: UnitOfWork) -> contract.FileOut:
        return self._files.export_prompts(uow, request)

    @handles
    def import_prompts(self, request: contract.ImportPrompts, caller: Caller, uow: UnitOfWork) -> contract.ImportReport:
        return self._files.import_prompts(uow, request)

    @handles
    def list_descriptors(
        self, request: contract.ListDescriptors, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.DescriptorSet, ...]:
        return self._descriptors.listed(uow)

    @handles
    def save_descriptors(
        self, request: contract.SaveDescriptors, caller: Caller, uow: UnitOfWork
    ) -> contract.DescriptorSet:
        return self._descriptors.save(uow, request.descriptors)

    @handles
    def delete_descriptors(self, request: contract.DeleteDescriptors, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._descriptors.delete(uow, request.set_id, request.version)
        return Nothing()

    @handles
    def list_markers(self, request: contract.ListMarkers, caller: Caller, uow: UnitOfWork) -> contract.MarkerBook:
        return self._markers.book(uow)

    @handles
    def save_marker(self, request: contract.SaveMarker, caller: Caller, uow: UnitOfWork) -> contract.Marker:
        return self._markers.save(uow, request.marker)

    @handles
    def delete_marker(self, request: contract.DeleteMarker, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._markers.delete(uow, request.marker_id, request.version)
        return Nothing()

    @handles
    def save_panel(self, request: contract.SavePanel, caller: Caller, uow: UnitOfWork) -> contract.Panel:
        return self._markers.save_panel(uow, request.panel)

    @handles
    def delete_panel(self, request: contract.DeletePanel, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._markers.delete_panel(uow, request.panel_id, request.version)
        return Nothing()
