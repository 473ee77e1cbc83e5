"""The window behind ``mingjing ecg``."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str]) -> int:
    """Run the workstation against a real server; the exit status."""
    from clients.ecg.app import run
    from clients.kit.server_connection import ServerConnection

    return run(argv, ServerConnection)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
