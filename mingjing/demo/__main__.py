"""`python -m mingjing.demo`, the same as `mingjing demo`."""

from __future__ import annotations

import sys

from mingjing.demo.run import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
