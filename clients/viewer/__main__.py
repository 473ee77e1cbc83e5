"""``mingjing viewer``: the image viewer as a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str]) -> int:
    """Start the viewer; see ``mingjing viewer --help``."""
    from clients.viewer.application import main as run

    return run(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
