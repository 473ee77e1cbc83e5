"""Words that change what is in the archive: move, verify, recall, correct, delete, restore, purge, reidentify."""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

from mingjing.archive.output import FAILED, OK, USAGE, Progress, as_json
from shared.contract import corrections, jobs, keeping, storage
from shared.contract.archive import GetStudy
from shared.contract.exchange import Reidentify
from shared.rpc.client import RpcClient

_OVER = frozenset({"done", "failed", "cancelled"})


def add_words(words: Any) -> None:
    """Declare the words of this module."""
    move = words.add_parser("move", help="put studies into exactly these stores")
    move.add_argument("study_uid", nargs="+")
    move.add_argument("--keep-in", required=True, metavar="STORE,STORE", help="names as `stores` shows them")
    move.set_defaults(run=run_move)
    for name, text, run in (
        ("verify", "read every copy of studies again and compare every hash", run_verify),
        ("recall", "bring studies back on-line", run_recall),
    ):
        word = words.add_parser(name, help=text)
        word.add_argument("study_uid", nargs="+")
        word.set_defaults(run=run)
    correct = words.add_parser("correct", help="correct patient and study attributes; the files stay as they came")
    correct.add_argument("study_uid")
    correct.add_argument(
        "values", nargs="+", metavar="KEYWORD=VALUE", help="e.g. PatientID=P12 PatientName=Li^Si=李^四"
    )
    correct.add_argument("--reason", required=True)
    correct.set_defaults(run=run_correct)
    delete = words.add_parser("delete", help="move a study, series or object into the recycle bin")
    delete.add_argument("study_uid")
    delete.add_argument("--series", default="")
    delete.add_argument("--object", default="")
    delete.add_argument("--reason", required=True)
    delete.add_argument("--force", action="store_true", help="although its report is approved")
    delete.set_defaults(run=run_delete)
    restore = words.add_parser("restore", help="bring an entry of the recycle bin back")
    restore.add_argument("entry", type=int)
    restore.add_argument("--reason", default="")
    restore.set_defaults(run=run_restore)
    purge = words.add_parser("purge", help="destroy an entry of the recycle bin for ever")
    purge.add_argument("entry", type=int)
    purge.add_argument("--reason", required=True)
    purge.set_defaults(run=run_purge)
    behind = words.add_parser("reidentify", help="say who is behind a pseudonym")
    behind.add_argument("project")
    behind.add_argument("pseudonym")
    behind.add_argument("--reason", required=True)
    behind.set_defaults(run=run_reidentify)


def run_move(options: argparse.Namespace, client: RpcClient) -> int:
    """Move studies, one after the other."""
    stores = tuple(part.strip() for part in options.keep_in.split(",") if part.strip())
    return _each(options, client, lambda uid: storage.MoveStudy(study_uid=uid, keep_in=stores))


def run_verify(options: argparse.Namespace, client: RpcClient) -> int:
    """Verify studies, one after the other."""
    return _each(options, client, lambda uid: storage.VerifyStudy(study_uid=uid))


def run_recall(options: argparse.Namespace, client: RpcClient) -> int:
    """Recall studies, one after the other."""
    return _each(options, client, lambda uid: storage.RecallStudy(study_uid=uid))


def _each(options: argparse.Namespace, client: RpcClient, request: Any) -> int:
    """Start a job for each study and wait for it."""
    outcomes, status = [], OK
    for uid in options.study_uid:
        started = client.call(request(uid))
        sentence, state = started.sentence, "done"
        if started.job_id:
            job = wait_for_job(client, started.job_id, quiet=options.json)
            sentence, state = job.sentence, job.state
        if state != "done":
            status = FAILED
        outcomes.append({"study_uid": uid, "state": state, "sentence": sentence})
        if not options.json:
            print(f"{uid}: {sentence or state}", file=sys.stdout if state == "done" else sys.stderr)
    if options.json:
        as_json(outcomes)
    return status


def wait_for_job(client: RpcClient, job_id: int, *, quiet: bool) -> jobs.JobView:
    """Show a job's progress until it is over."""
    progress = Progress(f"job {job_id}", quiet=quiet)
    while True:
        job = client.call(jobs.GetJob(job_id=job_id))
        progress.show(job.progress_done, job.progress_total, job.sentence)
        if job.state in _OVER:
            progress.close()
            return job
        time.sleep(0.3)


def run_correct(options: argparse.Namespace, client: RpcClient) -> int:
    """Correct a study."""
    values = []
    for text in options.values:
        keyword, equals, value = text.partition("=")
        if not equals or not keyword.isalnum():
            print(f"{text!r} is not KEYWORD=VALUE", file=sys.stderr)
            return USAGE
        values.append(corrections.TagValue(keyword=keyword, value=value))
    study = client.call(GetStudy(study_uid=options.study_uid))
    made = client.call(
        corrections.CorrectStudy(
            study_uid=options.study_uid, version=study.row.version, values=tuple(values), reason=options.reason
        )
    )
    as_json(made) if options.json else print(made.sentence)
    return OK


def run_delete(options: argparse.Namespace, client: RpcClient) -> int:
    """Move something into the recycle bin."""
    entry = client.call(
        keeping.DeleteImages(
            study_uid=options.study_uid,
            series_uid=options.series,
            sop_instance_uid=options.object,
            reason=options.reason,
            force=options.force,
        )
    )
    if options.json:
        as_json(entry)
    else:
        print(f"entry {entry.id} of the recycle bin: {entry.instance_count} objects; it is kept until {entry.purge_at}")
    return OK


def run_restore(options: argparse.Namespace, client: RpcClient) -> int:
    """Bring an entry back."""
    client.call(keeping.RestoreImages(entry_id=options.entry, reason=options.reason))
    as_json({"restored": options.entry}) if options.json else print("restored")
    return OK


def run_purge(options: argparse.Namespace, client: RpcClient) -> int:
    """Destroy an entry, or ask for it where two persons must agree."""
    entry = client.call(keeping.PurgeImages(entry_id=options.entry, reason=options.reason))
    if options.json:
        as_json(entry)
    elif entry.instance_count:
        print(f"asked for by {entry.purge_asked_by}; a second person must say the same")
    else:
        print("destroyed")
    return OK


def run_reidentify(options: argparse.Namespace, client: RpcClient) -> int:
    """Say who a pseudonym is."""
    found = client.call(Reidentify(project=options.project, pseudonym=options.pseudonym, reason=options.reason))
    as_json(found) if options.json else print(f"{found.patient_id}  {found.patient_name}")
    return OK
