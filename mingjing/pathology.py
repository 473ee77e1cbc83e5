"""`mingjing pathology`: the workstation, or `template check|fill|print FILE` without any window."""

from __future__ import annotations

from importlib import import_module


def main(arguments: list[str]) -> int:
    """Hand the sub-word `template` to its command, everything else to the workstation; returns the exit status."""
    if arguments[:1] == ["template"]:
        status: int = import_module("mingjing.pathology_template").main(arguments[1:])
    else:
        status = import_module("clients.pathology.__main__").main(arguments)
    return status
