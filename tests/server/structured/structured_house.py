"""Structured reports with real reports behind a real router, and a client on real sockets for each role."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from server.bootstrap.structured import build_structured
from server.kernel.database import Database
from server.reporting.rpc import ReportingRpc
from shared.contract.errors import RpcError
from shared.contract.identity import CreateUser
from shared.contract.reporting import (
    ApproveReport,
    AuditReport,
    ReportContent,
    ReportView,
    SaveReport,
    SubmitReport,
    WriteReport,
)
from shared.contract.structured import FormTemplateView, GetFormTemplate, ListFormTemplates
from shared.domain.states import CriticalValue
from shared.domain.structured import FieldValue, FormContent
from shared.domain.structured_form import new_form
from tests.databases import make_tables
from tests.rpc_house import RpcHouse, a_client
from tests.server.reporting.reporting_world import World

PASSWORD = "Structured-1"
ROLES = ("doctor", "auditor", "clerk", "administrator")


class StructuredHouse:
    """One server with the supplied templates."""

    def __init__(self, folder: Path, clients: ExitStack) -> None:
        self._first = Database.in_folder(folder)
        make_tables(self._first)
        self.world = World(self._first)
        self.structured = build_structured(self.world.reports, self.world.time)
        self.rpc = RpcHouse(
            folder,
            ReportingRpc(self.world.reports, self.world.worklist, self.world.templates),
            self.structured.handlers,
        )
        self.world.database = self.rpc.database
        with self.rpc.database.write() as uow:
            self.installed = self.structured.templates.install(uow)
        connection = clients.enter_context(self.rpc.on_sockets())
        admin = clients.enter_context(a_client(connection))
        admin.login("admin", self.rpc.admin_password)
        self.clients: dict[str, Any] = {}
        for role in ROLES:
            for login in (role, f"{role}2"):
                admin.call(CreateUser(login=login, name=login, password=PASSWORD, roles=(role,)))
                client = clients.enter_context(a_client(connection))
                client.login(login, PASSWORD)
                self.clients[login] = client

    def close(self) -> None:
        """Close the databases."""
        self.rpc.close()
        self._first.close()

    def template(self, title: str) -> FormTemplateView:
        """Return a supplied template by a part of its title."""
        row = next(row for row in self.clients["doctor"].call(ListFormTemplates()) if title in row.title)
        found = self.clients["doctor"].call(GetFormTemplate(id=row.id))
        assert isinstance(found, FormTemplateView)
        return found

    def write(
        self, report_id: int, form: FormContent | None, *, overrule_reason: str = "只为试验", **parts: Any
    ) -> ReportView:
        """Write a report with a form and submit it, whatever its form lacks."""
        doctor = self.clients["doctor"]
        view = doctor.call(WriteReport(report_id=report_id))
        content = ReportContent(
            findings="<p>所见。</p>", impression="<p>意见。</p>", critical_value=CriticalValue.NO, form=form, **parts
        )
        view = doctor.call(SaveReport(report_id=report_id, version=view.version, content=content))
        assert view.content.form == form
        sent = doctor.call(
            SubmitReport(report_id=report_id, version=view.version, content=content, overrule_reason=overrule_reason)
        )
        assert isinstance(sent, ReportView)
        return sent

    def approve(self, report_id: int) -> ReportView:
        """Approve a submitted report as it is."""
        auditor = self.clients["auditor"]
        view = auditor.call(AuditReport(report_id=report_id))
        done = auditor.call(ApproveReport(report_id=report_id, version=view.version, content=view.content))
        assert isinstance(done, ReportView)
        return done


def a_form(view: FormTemplateView, values: dict[str, FieldValue], **items: tuple[int, ...]) -> FormContent:
    """Return a filled form of a template."""
    form = new_form(view.template, view.row.id, view.version)
    return msgspec.structs.replace(form, values=values, items={**form.items, **items})


def refusal(client: Any, request: Any) -> tuple[str, str]:
    """Return code and sentence of a refusal."""
    try:
        client.call(request)
    except RpcError as error:
        return error.body.code.value, error.body.message
    raise AssertionError(f"{type(request).__name__} was not refused")
