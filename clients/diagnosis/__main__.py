"""``mingjing diagnosis``: the workstation of the reading room."""

from __future__ import annotations

import sys


def main(argv: list[str]) -> int:
    """Start the workstation; see ``mingjing diagnosis --help``."""
    from clients.diagnosis.app import run
    from clients.kit.server_connection import ServerConnection

    return run(argv, ServerConnection)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
