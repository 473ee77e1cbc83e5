"""The only place that builds adapters: areas, doors and jobs are put together here, nowhere else."""

from __future__ import annotations

from importlib import import_module

AREAS_WITH_TABLES = (
    "identity",
    "audit",
    "organisation",
    "patients",
    "exams",
    "queueing",
    "reporting",
    "printing",
    "archive",
)


def load_tables() -> None:
    """Import every area's tables, so that the metadata is whole."""
    import_module("server.kernel.idempotency")
    for area in AREAS_WITH_TABLES:
        import_module(f"server.{area}.tables")
