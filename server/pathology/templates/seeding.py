"""Fills empty tables with the catalogue; what the department has changed or deleted is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from importlib.resources import files

import msgspec
from sqlalchemy import func, select

from server.kernel.database import UnitOfWork
from server.pathology.templates import rules
from server.pathology.templates.catalogue.descriptors import SETS
from server.pathology.templates.lists import Descriptors, Prompts
from server.pathology.templates.tables import (
    EVERYBODY,
    DescriptorSetRow,
    MarkerRow,
    PanelRow,
    PromptFieldRow,
    TemplateDisease,
    TemplateRevision,
    TemplateSite,
)
from shared.contract import pathology_templates as contract

AUTHOR = "系统"


def seed(uow: UnitOfWork, now: datetime, prompts: Prompts, descriptors: Descriptors) -> None:
    """Fill each list that is empty; once filled it is the department's."""
    if _is_empty(uow, TemplateSite):
        _seed_templates(uow, now, contract.TemplateKind.DIAGNOSIS, "diagnosis.txt")
        _seed_templates(uow, now, contract.TemplateKind.GROSS, "gross.txt")
    if _is_empty(uow, PromptFieldRow):
        for key, lines in _sections("prompts.txt"):
            prompts.save(uow, key, 0, _entries(lines))
    if _is_empty(uow, DescriptorSetRow):
        for one in SETS:
            descriptors.save(uow, one)
    if _is_empty(uow, MarkerRow):
        _seed_markers(uow)


def _is_empty(uow: UnitOfWork, table: type) -> bool:
    return not uow.session.execute(select(func.count()).select_from(table)).scalar_one()


def _seed_templates(uow: UnitOfWork, now: datetime, kind: contract.TemplateKind, name: str) -> None:
    """All rows of a kind in three writes: every start of a fresh server waits for them."""
    trees: list[tuple[TemplateSite, list[TemplateDisease]]] = []
    for place, (site_name, lines) in enumerate(_sections(name), 1):
        site = TemplateSite(owner_id=EVERYBODY, kind=kind.value, name=site_name, position=place, version=1)
        trees.append((site, [_disease(now, at, *one) for at, one in enumerate(_diseases(lines), 1)]))
    uow.session.add_all(site for site, _below in trees)
    uow.session.flush()
    diseases = [disease for _site, below in trees for disease in below]
    for site, below in trees:
        for disease in below:
            disease.site_id = site.id
    uow.session.add_all(diseases)
    uow.session.flush()
    uow.session.add_all(
        TemplateRevision(
            disease_id=one.id,
            revision=1,
            findings=one.findings,
            diagnosis=one.diagnosis,
            saved_by=AUTHOR,
            saved_at=now,
        )
        for one in diseases
    )
    uow.session.flush()


def _disease(now: datetime, position: int, name: str, findings: str, diagnosis: str) -> TemplateDisease:
    return TemplateDisease(
        name=name,
        position=position,
        findings=findings,
        diagnosis=diagnosis,
        usable=rules.check_texts(findings, diagnosis),
        revision=1,
        saved_by=AUTHOR,
        saved_at=now,
        version=1,
    )


def _diseases(lines: list[str]) -> list[tuple[str, str, str]]:
    """`## name`, the findings, `---`, the diagnosis."""
    found: list[tuple[str, str, str]] = []
    for part in "\n".join(lines).split("## ")[1:]:
        name, _, texts = part.partition("\n")
        findings, _, diagnosis = texts.partition("---\n")
        found.append((name, findings.strip(), diagnosis.strip()))
    return found


def _seed_markers(uow: UnitOfWork) -> None:
    rows: dict[str, MarkerRow] = {}
    for kind, lines in _sections("markers.txt"):
        for line in lines:
            name, _, note = line.partition("|")
            row = MarkerRow(kind=kind, name=name, note=note, letter=rules.letter_of(name), version=1)
            rows.setdefault(name, row)
            uow.session.add(row)
    uow.session.flush()
    for line in _text("panels.txt").splitlines():
        name, _, members = line.partition(": ")
        chosen = tuple(rows[one].id for one in members.split("|"))
        uow.session.add(PanelRow(name=name, body=msgspec.msgpack.encode(chosen), version=1))
    uow.session.flush()


def _entries(lines: list[str]) -> tuple[contract.PromptEntry, ...]:
    groups: dict[str, list[str]] = {}
    for line in lines:
        group, _, entry = line.partition("/")
        groups.setdefault(group, [])
        if entry:
            groups[group].append(entry)
    return tuple(
        contract.PromptEntry(text=group, entries=tuple(contract.PromptEntry(text=one) for one in below))
        for group, below in groups.items()
    )


def _sections(name: str) -> Iterator[tuple[str, list[str]]]:
    heading: str = ""
    lines: list[str] = []
    for line in _text(name).splitlines():
        if line.startswith("# "):
            if heading:
                yield heading, lines
            heading, lines = line[2:], []
        elif line.strip():
            lines.append(line)
    if heading:
        yield heading, lines


def _text(name: str) -> str:
    return files("server.pathology.templates.catalogue").joinpath(name).read_text(encoding="utf-8")
