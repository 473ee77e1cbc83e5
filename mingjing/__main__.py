"""`mingjing WORD …` and `python3 run.py WORD …`: find the program and run it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib import import_module

from shared.release import VERSION


@dataclass(frozen=True, slots=True)
class Word:
    """A command: what it is for, and where its `main(argv) -> int` is."""

    name: str
    purpose: str
    module: str


WORDS = (
    Word("demo", "play a day of the hospital and leave pictures, reports and figures in demo/", "mingjing.demo"),
    Word("test", "check style, types, import law and run all tests", "mingjing.testing"),
    Word("server", "start the server: --data DIR [--settings FILE] [--rpc-port N] …", "server.__main__"),
    Word("registration", "workstation: registration, management, calling", "clients.registration.__main__"),
    Word("display", "hall display with voice", "clients.display.__main__"),
    Word("kiosk", "self-service check-in on a touch screen", "clients.kiosk.__main__"),
    Word("diagnosis", "workstation: diagnosis and reports", "clients.diagnosis.__main__"),
    Word("administration", "workstation: archive, peers, rules, tasks, accounts", "clients.administration.__main__"),
    Word("viewer", "image viewer", "clients.viewer.__main__"),
    Word("pathology", "workstation: pathology; template check|fill|print FILE: report templates", "mingjing.pathology"),
    Word("ecg", "workstation: ECG; measure, check, convert, print FILE: records without a window", "mingjing.ecg"),
    Word("measure", "lengths, angles, areas, values and volumes of shapes on images", "mingjing.measure"),
    Word("call", "call any method of the server: METHOD JSON --connect … | --list | --schema METHOD", "mingjing.call"),
    Word("ae", "DICOM peers: add, list, remove", "mingjing.peers"),
    Word("interface", "hospital systems: add, list, test; messages, show, process, resend", "mingjing.interfaces"),
    Word("token", "API tokens for DICOMweb: add, list, revoke", "mingjing.tokens"),
    Word("user", "accounts: add, list, disable, enable", "mingjing.users"),
    Word("archive", "find, fetch, send, export, import, anonymise, move, verify, delete …", "mingjing.archive.command"),
    Word(
        "render",
        "pictures and arrays of frames, planes, slabs, curves and volumes, without a window",
        "mingjing.render",
    ),
    Word("report", "check FILE.jsonl: slips before signing; verify FILE: is it genuine", "mingjing.report"),
    Word("doctor", "has this computer what a workstation needs at least; --server", "mingjing.doctor"),
    Word("check", "prove that index and files of a data folder agree", "mingjing.check"),
    Word("backup", "back up a running server: --data DIR --to FOLDER; list, verify, prune", "mingjing.backup"),
    Word("restore", "make a data folder from a backup: --from FOLDER --data NEW [--at TIME]", "mingjing.restore"),
    Word("migrate", "database migrations: upgrade, downgrade, new (for developers)", "mingjing.migrate"),
    Word(
        "package",
        "the release as a folder for machines without a network: FOLDER [--system windows]",
        "mingjing.package",
    ),
    Word("gallery", "pictures of every widget: --out DIR", "clients.kit.gallery"),
)


def main(arguments: list[str] | None = None) -> int:
    """Run the word named first; returns the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if sys.platform == "win32":
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    words = {word.name: word for word in WORDS}
    name = arguments[0] if arguments else "help"
    if name in {"help", "-h", "--help"}:
        print("Mingjing (明镜): the software of a hospital's imaging departments\n")
        for word in WORDS:
            print(f"  {word.name:<16}{word.purpose}")
        print("\nEach word explains its options with --help. A newcomer starts with: python3 run.py demo")
        return 0
    if name == "--version":
        print(f"Mingjing {VERSION}")
        return 0
    if name not in words:
        print(f"mingjing: there is no command {name!r}; `mingjing help` lists all", file=sys.stderr)
        return 2
    try:
        status: int = import_module(words[name].module).main(arguments[1:])
        sys.stdout.flush()
    except BrokenPipeError:  # the reader (head, less) has seen enough
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 nothing may be flushed at exit
        return 0
    return status


if __name__ == "__main__":
    sys.exit(main())
