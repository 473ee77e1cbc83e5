"""Stores beside one another, in the same rounds: S3 beside the folder and beside a bare client, the cache beside both.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/bench_storage.py [--count 100] [--rounds 5] [--threads 1,4]
        [--sizes 530000,8000]

folder      FolderStorage, durability "object": a sync for each object
s3          S3Storage on SeaweedFS on this machine: SHA-256 sent along, and compared again on what is read
bare s3     botocore's put_object and get_object as its documentation shows them: no hash, no deadline, no sentences
cache miss  CachedStorage over that S3 with an empty cache: read, compared, written, synced
cache hit   the same, read again
staged      StagedStorage before that S3: what a sender waits for when the on-line store is a bucket

The order turns from round to round; a ratio is the median of the rounds' ratios. What is said of the line between
server and S3 is said of the loop-back: the peer is the machine's own disk and processor, which both share.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from server.kernel.storage.cache import CachedStorage, ReadCache
from server.kernel.storage.folder import FolderStorage
from server.kernel.storage.port import ObjectStorage
from server.kernel.storage.s3 import S3Storage
from server.kernel.storage.staged import StagedStorage
from tests.fakes.s3_server import s3_settings

Work = Callable[[], None]


def timed(work: Sequence[Work], threads: int) -> float:
    """Objects per second."""
    begun = time.perf_counter()
    if threads == 1:
        for one in work:
            one()
    else:
        with ThreadPoolExecutor(threads) as pool:
            for done in [pool.submit(one) for one in work]:
                done.result()
    return len(work) / (time.perf_counter() - begun)


def put(store: ObjectStorage, data: bytes, key: str) -> None:
    store.put(data, key)


def get(store: ObjectStorage, key: str) -> None:
    with store.open(key) as reader:
        assert reader.read()


def bare_put(client: Any, bucket: str, prefix: str, data: bytes, key: str) -> None:
    client.put_object(Bucket=bucket, Key=f"{prefix}/bare/{key}", Body=data)


def bare_get(client: Any, bucket: str, prefix: str, key: str) -> None:
    assert client.get_object(Bucket=bucket, Key=f"{prefix}/bare/{key}")["Body"].read()


def a_round(folder: Path, count: int, size: int, threads: int, turn: int) -> dict[str, float]:
    """Objects per second of every store, each filled anew."""
    objects = [os.urandom(size) for _ in range(count)]
    keys = [hashlib.sha256(data).hexdigest() for data in objects]
    settings = s3_settings(deadline_s=60.0)
    s3 = S3Storage(settings)
    client = S3Storage(settings)._client()
    near = FolderStorage(folder / "folder")
    cached = CachedStorage(s3, ReadCache(folder / "cache", 4 << 30))
    staged = StagedStorage(s3, folder / "staged")
    stores: dict[str, Callable[[bytes, str], Work]] = {
        "folder": lambda data, key: partial(put, near, data, key),
        "s3": lambda data, key: partial(put, s3, data, key),
        "bare s3": lambda data, key: partial(bare_put, client, settings.bucket, settings.prefix, data, key),
        "staged": lambda data, key: partial(put, staged, data, key),
    }
    readers: dict[str, Callable[[str], Work]] = {
        "folder": lambda key: partial(get, near, key),
        "s3": lambda key: partial(get, s3, key),
        "bare s3": lambda key: partial(bare_get, client, settings.bucket, settings.prefix, key),
        "cache miss": lambda key: partial(get, cached, key),
        "cache hit": lambda key: partial(get, cached, key),
    }
    s3.probe()
    client.list_objects_v2(Bucket=settings.bucket, MaxKeys=1)
    speeds: dict[str, float] = {}
    names = list(stores)
    for name in names[turn % len(names) :] + names[: turn % len(names)]:
        work = [stores[name](data, key) for data, key in zip(objects, keys, strict=True)]
        speeds[f"store {name}"] = timed(work, threads)
    names = list(readers)[:3]
    for name in [*(names[turn % 3 :] + names[: turn % 3]), "cache miss", "cache hit"]:
        speeds[f"read {name}"] = timed([readers[name](key) for key in keys], threads)
    return speeds


RATIOS = (
    ("store s3", "store folder"),
    ("store s3", "store bare s3"),
    ("store staged", "store folder"),
    ("read s3", "read folder"),
    ("read s3", "read bare s3"),
    ("read cache miss", "read s3"),
    ("read cache hit", "read folder"),
    ("read cache hit", "read s3"),
)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--count", type=int, default=100)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--threads", default="1,4")
    options.add_argument("--sizes", default="530000,8000", help="bytes of an object; 530000 is a CT slice of 512x512")
    given = options.parse_args()
    for size in map(int, given.sizes.split(",")):
        for threads in map(int, given.threads.split(",")):
            rounds = []
            for turn in range(given.rounds):
                with tempfile.TemporaryDirectory() as folder:
                    rounds.append(a_round(Path(folder), given.count, size, threads, turn))
            print(f"\n{size} bytes, {threads} thread(s), {given.count} objects, median of {given.rounds} rounds")
            for name in rounds[0]:
                print(f"  {name:18} {statistics.median(one[name] for one in rounds):9.0f} objects/s")
            for ours, peer in RATIOS:
                ratio = statistics.median(one[ours] / one[peer] for one in rounds)
                print(f"  {ours} / {peer}: {ratio:.2f}")


if __name__ == "__main__":
    main()
