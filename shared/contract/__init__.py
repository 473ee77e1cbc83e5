"""The RPC contract: one module per area, typed requests, replies, errors and notices."""

from importlib import import_module

AREAS = ("identity", "organisation", "patients", "exams", "queueing", "reporting", "archive", "printing", "audit")


def load_all() -> None:
    """Import every area's module so that all requests are declared."""
    for area in AREAS:
        import_module(f"shared.contract.{area}")
