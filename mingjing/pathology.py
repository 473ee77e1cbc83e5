"""`mingjing pathology`: the workstation; `template …` and `slide …` without any window."""

from __future__ import annotations

from importlib import import_module

COMMANDS = {"template": "mingjing.pathology_template", "slide": "mingjing.pathology_slide"}


def main(arguments: list[str]) -> int:
    """Hand a sub-word to its command, everything else to the workstation; returns the exit status."""
    module = COMMANDS.get(arguments[0]) if arguments else None
    rest = arguments if module is None else arguments[1:]
    status: int = import_module(module or "clients.pathology.__main__").main(rest)
    return status
