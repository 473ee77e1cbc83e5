"""A day of the hospital, played through the real server, real sockets and the real windows."""

from __future__ import annotations


def main(arguments: list[str]) -> int:
    """Play the demo; the word's entry."""
    from mingjing.demo.run import main as play

    return play(arguments)
