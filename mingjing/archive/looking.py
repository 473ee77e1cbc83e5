"""Words that change nothing: find, status, jobs, stores, rules, completeness, copies, bin, corrections."""

from __future__ import annotations

import argparse
from datetime import date
from typing import Any

from mingjing.archive.output import OK, as_json, size, table
from shared.contract import corrections, jobs, keeping, routing, storage
from shared.contract.archive import GetArchiveStatus, GetCompleteness, ListStudies
from shared.contract.base import Page
from shared.rpc.client import RpcClient


def add_words(words: Any) -> None:
    """Declare the words of this module."""
    find = words.add_parser("find", help="studies by name, number, date, modality")
    find.add_argument("name", nargs="?", default="", help="part of the patient's name: Chinese, pinyin or initials")
    find.add_argument("--id", default="", help="patient ID (0010,0020)")
    find.add_argument("--accession", default="")
    find.add_argument("--from", dest="first", type=_day, help="study date, YYYY-MM-DD")
    find.add_argument("--to", dest="last", type=_day, help="study date, YYYY-MM-DD")
    find.add_argument("--modality", default="", help="CT, MR, …")
    find.add_argument("--description", default="", help="study description, with * and ?")
    find.add_argument("--state", default="", choices=["", "complete", "short", "unknown"], help="completeness")
    find.add_argument("--limit", type=int, default=100)
    find.set_defaults(run=run_find)
    status = words.add_parser("status", help="how much there is, how much room is left")
    status.set_defaults(run=run_status)
    listing = words.add_parser("jobs", help="long work: what waits, runs, failed")
    listing.add_argument("--state", default="", help="waiting, running, done, failed, cancelled")
    listing.add_argument("--cancel", type=int, metavar="ID")
    listing.add_argument("--retry", type=int, metavar="ID")
    listing.set_defaults(run=run_jobs)
    words.add_parser("stores", help="the stores and how full they are").set_defaults(run=run_stores)
    words.add_parser("rules", help="rules of storage and of forwarding").set_defaults(run=run_rules)
    completeness = words.add_parser("completeness", help="what was promised of a study and what is here")
    completeness.add_argument("study_uid")
    completeness.set_defaults(run=run_completeness)
    copies = words.add_parser("copies", help="where the copies of a study lie")
    copies.add_argument("study_uid")
    copies.set_defaults(run=run_copies)
    recycle = words.add_parser("bin", help="what was deleted and can be restored")
    recycle.add_argument("text", nargs="?", default="")
    recycle.set_defaults(run=run_bin)
    history = words.add_parser("corrections", help="what was corrected, by whom and why")
    history.add_argument("study_uid", nargs="?", default="")
    history.set_defaults(run=run_corrections)


def _day(text: str) -> date:
    return date.fromisoformat(text)


def run_find(options: argparse.Namespace, client: RpcClient) -> int:
    """Print studies, newest first."""
    found = client.call(
        ListStudies(
            name=options.name,
            patient_id=options.id,
            accession_number=options.accession,
            study_from=options.first,
            study_to=options.last,
            modality=options.modality,
            description=options.description,
            completeness=options.state,
            limit=options.limit,
        )
    )
    if options.json:
        as_json(found)
        return OK
    table(
        [
            (
                row.study_at.date() if row.study_at else "",
                row.patient_name,
                row.patient_id,
                row.accession_number,
                "/".join(row.modalities),
                row.instance_count,
                row.description,
                row.study_uid,
            )
            for row in found.rows
        ],
        *("DATE", "NAME", "ID", "ACCESSION", "MODALITY", "IMAGES", "DESCRIPTION", "STUDY UID"),
    )
    return OK


def run_status(options: argparse.Namespace, client: RpcClient) -> int:
    """Print fill and backlog."""
    status = client.call(GetArchiveStatus())
    if options.json:
        as_json(status)
        return OK
    print(f"{status.studies} studies, {status.series} series, {status.instances} objects, {size(status.bytes_stored)}")
    print(f"{size(status.disk_free_bytes)} free, {status.inbox_backlog} objects wait to be indexed")
    if status.warning:
        print(status.warning)
    return OK


def run_jobs(options: argparse.Namespace, client: RpcClient) -> int:
    """Print jobs, after cancelling or trying one again."""
    if options.cancel:
        client.call(jobs.CancelJob(job_id=options.cancel))
    if options.retry:
        client.call(jobs.RetryJob(job_id=options.retry))
    states = (options.state,) if options.state else ()
    found = client.call(jobs.ListJobs(states=states, page=Page(limit=100)))
    if options.json:
        as_json(found)
        return OK
    table(
        [
            (
                row.id,
                row.kind,
                row.state,
                f"{row.progress_done}/{row.progress_total}" if row.progress_total else "",
                row.title,
                row.sentence,
            )
            for row in found.rows
        ],
        *("ID", "KIND", "STATE", "PROGRESS", "TITLE", "SENTENCE"),
    )
    return OK


def run_stores(options: argparse.Namespace, client: RpcClient) -> int:
    """Print stores."""
    found = client.call(storage.ListStores())
    if options.json:
        as_json(found)
        return OK
    table(
        [
            (
                one.name,
                one.kind,
                one.role,
                one.state,
                one.studies,
                size(one.bytes_stored),
                "" if one.free_bytes is None else size(one.free_bytes),
                one.sentence or one.warning,
            )
            for one in found
        ],
        *("NAME", "KIND", "ROLE", "STATE", "STUDIES", "STORED", "FREE", "REMARK"),
    )
    return OK


def run_rules(options: argparse.Namespace, client: RpcClient) -> int:
    """Print rules of storage and of forwarding."""
    stored = client.call(storage.ListRules())
    forwarded = client.call(routing.ListRules())
    targets = {one.id: one.name for one in client.call(routing.ListTargets())}
    if options.json:
        as_json({"storage": stored, "forwarding": forwarded})
        return OK
    rows: list[tuple[object, ...]] = [
        (
            "storage",
            one.entry.name,
            "on" if one.entry.is_enabled else "off",
            f"after {one.entry.after_days} days in {', '.join(one.entry.keep_in)}",
            one.trouble,
        )
        for one in stored
    ]
    rows += [
        ("forward", one.name, "on" if one.enabled else "off", f"to {targets.get(one.target_id, one.target_id)}", "")
        for one in forwarded
    ]
    table(rows, "KIND", "NAME", "STATE", "WHAT", "TROUBLE")
    return OK


def run_completeness(options: argparse.Namespace, client: RpcClient) -> int:
    """Print whether a study is complete."""
    found = client.call(GetCompleteness(study_uid=options.study_uid))
    if options.json:
        as_json(found)
        return OK
    print(f"{found.completeness}" + (f", {found.missing_count} missing" if found.missing_count else ""))
    for uid in found.missing_uids:
        print(f"  {uid}")
    return OK


def run_copies(options: argparse.Namespace, client: RpcClient) -> int:
    """Print the copies of a study."""
    found = client.call(storage.GetStudyCopies(study_uid=options.study_uid))
    if options.json:
        as_json(found)
        return OK
    print(f"{found.availability}, {found.verified_copies} verified copies. {found.sentence}".rstrip())
    table(
        [
            (one.store, one.role, one.state, one.verified_at, size(one.bytes_stored), one.sentence)
            for one in found.copies
        ],
        *("STORE", "ROLE", "STATE", "VERIFIED", "SIZE", "REMARK"),
    )
    return OK


def run_bin(options: argparse.Namespace, client: RpcClient) -> int:
    """Print the recycle bin."""
    found = client.call(keeping.ListBin(text=options.text))
    if options.json:
        as_json(found)
        return OK
    table(
        [
            (
                row.id,
                row.level,
                row.patient_name,
                row.patient_id,
                row.instance_count,
                row.deleted_by,
                row.purge_at,
                row.reason,
                row.study_uid,
            )
            for row in found.rows
        ],
        *("ENTRY", "LEVEL", "NAME", "ID", "IMAGES", "BY", "GONE AT", "REASON", "STUDY UID"),
    )
    return OK


def run_corrections(options: argparse.Namespace, client: RpcClient) -> int:
    """Print the history of corrections."""
    found = client.call(corrections.ListCorrections(study_uid=options.study_uid))
    if options.json:
        as_json(found)
        return OK
    table(
        [(row.id, f"{row.at:%Y-%m-%d %H:%M}", row.kind, row.by, row.reason, row.sentence) for row in found.rows],
        *("ID", "AT", "KIND", "BY", "REASON", "WHAT"),
    )
    return OK
