"""The only place that builds adapters: areas, doors and jobs are put together here, nowhere else."""

from __future__ import annotations

from importlib import import_module

from sqlalchemy.orm import configure_mappers

from shared.rpc.structs import know_loaded_types

AREAS_WITH_TABLES = (
    "identity",
    "audit",
    "organisation",
    "patients",
    "exams",
    "queueing",
    "halls",
    "reporting",
    "printing",
    "archive",
    "interfaces",
    "critical",
    "statistics",
)


MORE_TABLES: tuple[str, ...] = (
    "server.kernel.idempotency",
    "server.kernel.jobs.tables",
    "server.archive.exchange.tables",
    "server.archive.lifecycle.tables",
    "server.archive.keeping.tables",
    "server.archive.corrections.tables",
    "server.archive.routing.tables",
    "server.access.tables",
    "server.worksteps.tables",
    "server.safety.tables",
    "server.attachments.tables",
    "server.exams.scheduling.tables",
    "server.referrals.tables",
    "server.reporting.auditing_tables",
    "server.reporting.checking.tables",
    "server.quality.tables",
    "server.signing.tables",
    "server.structured.tables",
    "server.results.tables",
    "server.marks.tables",
    "server.registrations.tables",
    "server.hanging.tables",
    "server.films.tables",
    "server.sharing.tables",
    "server.collections.tables",
    "server.pathology.templates.tables",
    "server.pathology.cases.tables",
    "server.pathology.technique.tables",
    "server.pathology.media.tables",
    "server.pathology.reports.tables",
    "server.pathology.orders.tables",
    "server.pathology.slides.tables",
    "server.pathology.keeping.tables",
    "server.pathology.counts.tables",
    "server.pathology.stations.tables",
    "server.pathology.statistics.tables",
    "server.ecg.exams.tables",
    "server.ecg.traces.tables",
    "server.ecg.acquisition.tables",
    "server.ecg.reports.tables",
    "server.ecg.terms.tables",
    "server.ecg.critical.tables",
    "server.ecg.consultations.tables",
    "server.ecg.lines.tables",
    "server.remote.tables",
    "server.remote.services.tables",
)
"""Modules with tables besides every area's own `tables`."""


def load_tables() -> None:
    """Import every area's tables, so that the metadata is whole; done by each process before it has threads.

    The mappers are configured here and not by the first query: that takes most of a second on a slow machine, and
    processes that branch off afterwards find it done.
    """
    for module in MORE_TABLES:
        import_module(module)
    for area in AREAS_WITH_TABLES:
        import_module(f"server.{area}.tables")
    configure_mappers()
    know_loaded_types()
