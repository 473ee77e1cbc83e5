"""Finds the word of `mingjing archive WORD …`, signs in where it needs the server, and runs it."""

from __future__ import annotations

import argparse
import sys

from mingjing import session
from mingjing.archive import changing, fetching, giving, looking
from mingjing.archive.output import FAILED, make_streams_safe


def main(arguments: list[str]) -> int:
    """Run a word. Status 0: done, 1: refused or failed, 2: wrongly called, 3: done in part."""
    make_streams_safe()
    options = parser().parse_args(arguments)
    try:
        if options.is_local(options):
            return int(options.run_local(options))
        return session.explain(lambda: _with_server(options))
    except KeyboardInterrupt:
        print("\nstopped; run the same command again to go on", file=sys.stderr)
        return FAILED


def parser() -> argparse.ArgumentParser:
    """The words and their options."""
    made = argparse.ArgumentParser(prog="mingjing archive", description="The archive from the command line.")
    words = made.add_subparsers(dest="word", required=True, metavar="WORD")
    for module in (looking, fetching, giving, changing):
        module.add_words(words)
    for word in words.choices.values():
        session.add_options(word)
        word.add_argument("--json", action="store_true", help="print the result as JSON, and no progress")
        if "is_local" not in word._defaults:
            word.set_defaults(is_local=_needs_the_server)
    return made


def _needs_the_server(_options: argparse.Namespace) -> bool:
    return False


def _with_server(options: argparse.Namespace) -> int:
    options.address = session.address(options)
    with session.signed_in(options) as client:
        return int(options.run(options, client))
