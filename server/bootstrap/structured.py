"""Puts structured reports together with the reports that they belong to."""

from __future__ import annotations

from dataclasses import dataclass

from server.kernel.clock import HospitalTime
from server.reporting.checking.service import set_aside
from server.reporting.service import ReportService
from server.structured.mrrt.exchange import MrrtExchange
from server.structured.rpc import StructuredRpc
from server.structured.templates import FormTemplates
from server.structured.values import CodedValues


@dataclass(frozen=True, slots=True)
class Structured:
    """The services of structured reports. `values` also answers the checker (FormCheck) and the results."""

    templates: FormTemplates
    values: CodedValues
    handlers: StructuredRpc


def build_structured(reports: ReportService, time: HospitalTime) -> Structured:
    """Construct the services; coded values follow the reports, and gaps in forms are doubted, from now on."""
    templates = FormTemplates(reports, time)
    values = CodedValues(templates, reports, time, set_aside)
    reports.follow(values)
    reports.doubt(values.doubts)
    return Structured(templates, values, StructuredRpc(templates, values, MrrtExchange(templates)))
