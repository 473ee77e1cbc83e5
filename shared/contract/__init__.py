"""The RPC contract: one module per area, typed requests, replies, errors and notices."""

from importlib import import_module
from pkgutil import iter_modules

_NOT_AREAS = ("base", "errors")


def load_all() -> None:
    """Import every area's module so that all requests are declared."""
    for module in iter_modules(__path__):
        if module.name not in _NOT_AREAS:
            import_module(f"shared.contract.{module.name}")
