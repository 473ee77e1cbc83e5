"""``mingjing pathology``: the workstations of pathology; ``mingjing pathology template …`` checks templates."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str]) -> int:
    """Run the workstation against a real server, or hand a command on; the exit status."""
    if argv and argv[0] == "template":
        from mingjing.pathology_template import main as template

        return template(list(argv[1:]))
    from clients.kit.server_connection import ServerConnection
    from clients.pathology.app import run

    return run(argv, ServerConnection)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
