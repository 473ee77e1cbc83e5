"""`mingjing report verify FILE`: says in one sentence who signed a report and when, and whether anything was changed.

Needs no server, no network and no data folder.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

_LARGEST_FILE = 256 << 20
_LARGEST_ROOTS = 1 << 20
GOOD, BAD, UNREADABLE = 0, 1, 2


def add_word(words: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the word to `mingjing report`."""
    verify = words.add_parser("verify", help="who signed a report, when, and whether anything was changed")
    verify.add_argument("file", type=Path, metavar="FILE", help="the signed PDF, or the signed data (JSON)")
    verify.add_argument(
        "--ca",
        type=Path,
        metavar="ROOT.pem",
        help="root certificate of the hospital, or of the authority that issued the doctor's certificate",
    )
    verify.add_argument("--json", action="store_true", help="print what was found as JSON")


def run(options: argparse.Namespace) -> int:
    """Verify; 0: valid, 1: not valid or not trusted, 2: nothing that could be verified."""
    from server.signing.certificates import from_pem
    from server.signing.verification import NotSigned, check_file

    try:
        file = _read(options.file, _LARGEST_FILE)
        roots = from_pem(_read(options.ca, _LARGEST_ROOTS)) if options.ca else ()
    except OSError as error:
        return _refused(f"{error.filename} cannot be read ({error.strerror}); name a file", as_json=options.json)
    except _TooLarge as error:
        return _refused(str(error), as_json=options.json)
    except ValueError:
        return _refused(f"{options.ca} is no certificate in PEM; export the root again", as_json=options.json)
    if options.ca and not roots:
        return _refused(f"{options.ca} holds no certificate; export the root again", as_json=options.json)
    try:
        proof = check_file(file, roots)
    except NotSigned as error:
        return _refused(f"{options.file.name}: {error}", as_json=options.json)
    if options.json:
        print(
            json.dumps(
                {
                    "valid": proof.is_good,
                    "sentence": proof.sentence,
                    "subject": proof.subject,
                    "signer": proof.signer,
                    "signed_at": proof.signed_at.isoformat() if proof.signed_at else None,
                    "time_stamped": proof.is_time_stamped,
                    "unchanged": proof.is_unchanged,
                    "signature_valid": proof.is_signature_valid,
                    "trusted": proof.is_trusted,
                    "issuer": proof.issuer,
                    "fingerprint": proof.fingerprint,
                },
                ensure_ascii=False,
                indent=1,
            )
        )
    else:
        print(proof.sentence)
    return GOOD if proof.is_good else BAD


class _TooLarge(Exception):
    pass


def _read(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise _TooLarge(f"{path} is larger than {limit >> 20} MB; name a report")
    return data


def _refused(sentence: str, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"valid": False, "sentence": sentence}, ensure_ascii=False, indent=1))
    else:
        print(f"mingjing report: {sentence}", file=sys.stderr)
    return UNREADABLE
