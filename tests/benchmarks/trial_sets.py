"""Read the hand-written trials of the report checker: one clean report and its errors a block.

The files were written without the checker's code in view and were measured before anything was
mended, so the first number of each is a held-out one. Sets A to C change a clean report by one error each; those
that are JSON lines are reports of their own, each with the kind that is expected (or a list of at most one).
"""

from __future__ import annotations

import dataclasses
import json
import pathlib

FOLDER = pathlib.Path(__file__).parent / "trials"
KEYS = ("side", "sex", "age", "exam_type", "body_part", "prior")
FIELDS = {"F": "findings", "I": "impression", "P": "prior"}


@dataclasses.dataclass(frozen=True)
class Trial:
    """One report as the command line reads it, and the kind of its seeded error, or none."""

    record: dict[str, object]
    expected: str | None
    change: str = ""


def read_trials(name: str) -> list[Trial]:
    """All reports of one set; an error whose old text is not there is a mistake of the file."""
    lines = FOLDER / f"{name}.jsonl"
    if lines.exists():
        return [_whole(json.loads(line)) for line in lines.read_text("utf-8").splitlines()]
    trials: list[Trial] = []
    record: dict[str, str] = {}
    blocks = 0
    errors = 0
    for number, line in enumerate((FOLDER / f"{name}.txt").read_text("utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("@"):
            blocks += 1
            errors = 0
            parts = [part.strip() for part in line[1:].split("|")]
            if len(parts) != 5:
                raise ValueError(f"{name}:{number}: five parts are due")
            record = dict(zip(("exam_type", "body_part", "side", "sex", "age"), parts, strict=True))
            record["id"] = f"{name}-{blocks}"
        elif line[:2] in ("P:", "F:", "I:"):
            record[FIELDS[line[0]]] = line[2:].strip()
            if line[0] == "I":
                trials.append(Trial(dict(record), None))
        elif line.startswith("!"):
            errors += 1
            kind, field, change = (part.strip() for part in line[1:].split("|", 2))
            changed = _changed(record, field, change, f"{name}:{number}")
            changed["id"] = f"{name}-{blocks}-{errors}"
            trials.append(Trial(changed, kind, f"{field} {change}"))
        else:
            raise ValueError(f"{name}:{number}: not a line of a trial")
    return trials


def _whole(fields: dict[str, object]) -> Trial:
    expected, change = fields.pop("expected"), str(fields.pop("change", "") or fields.pop("note", ""))
    if isinstance(expected, list):
        expected = expected[0] if expected else None
    return Trial(fields, None if expected is None else str(expected), change)


def _changed(record: dict[str, str], field: str, change: str, where: str) -> dict[str, object]:
    old, new = change.rsplit("=>", 1) if "=>" in change else (change, "")
    old, new = old.strip(), new.strip()
    key = FIELDS.get(field, field)
    if key in KEYS[:3]:
        if record[key] != old:
            raise ValueError(f"{where}: {key} is {record[key]!r}")
        return {**record, key: new}
    if record[key].count(old) < 1:
        raise ValueError(f"{where}: the text is not there: {old}")
    return {**record, key: record[key].replace(old, new, 1)}
