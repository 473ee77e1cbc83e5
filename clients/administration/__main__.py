"""``mingjing administration``: the administrator's workstation."""

from __future__ import annotations

import sys


def main(argv: list[str]) -> int:
    """Start the workstation; see ``mingjing administration --help``."""
    from clients.administration.app import run
    from clients.kit.server_connection import ServerConnection

    return run(argv, ServerConnection)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
