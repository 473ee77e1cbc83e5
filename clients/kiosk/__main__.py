"""Start of the check-in kiosk: `mingjing kiosk`."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str]) -> int:
    """Run the kiosk against a real server; the exit status."""
    from clients.kiosk.app import run
    from clients.kit.server_connection import ServerConnection

    return run(argv, ServerConnection)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
