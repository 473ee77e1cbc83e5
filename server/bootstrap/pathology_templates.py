"""Puts pathology's templates, prompts, descriptors and markers together."""

from __future__ import annotations

from dataclasses import dataclass

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.pathology.templates.files import TemplateFiles
from server.pathology.templates.lists import Descriptors, Markers, Prompts
from server.pathology.templates.rpc import TemplatesRpc
from server.pathology.templates.seeding import seed
from server.pathology.templates.tree import TemplateTree


@dataclass(frozen=True, slots=True)
class PathologyTemplates:
    """The room, put together."""

    time: HospitalTime
    tree: TemplateTree
    prompts: Prompts
    descriptors: Descriptors
    markers: Markers
    handlers: TemplatesRpc

    def seed(self, uow: UnitOfWork) -> None:
        """Fill empty lists with the catalogue."""
        seed(uow, self.time.now(), self.prompts, self.descriptors)


def build_pathology_templates(time: HospitalTime) -> PathologyTemplates:
    """The services and handlers."""
    tree, prompts, descriptors, markers = TemplateTree(time), Prompts(), Descriptors(), Markers()
    handlers = TemplatesRpc(tree, prompts, descriptors, markers, TemplateFiles(tree, prompts))
    return PathologyTemplates(time, tree, prompts, descriptors, markers, handlers)
