"""A bench that captures without end into one case: the workstation's real journal, sender and line, without a screen.

Arguments: connection string, journal folder, case id, password, first number. Says on standard output, one line each,
unbuffered: `clicked KEY SHA256 SECONDS` when the click sound would be heard, `piece KEY` for a recording's piece,
`safe KEY SECONDS` when the server answered, `refused KEY WHY`, and `idle` when the journal is empty.
With the first number 0 nothing is captured: what lies in the journal is sent.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import time
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import cv2
import numpy as np

from clients.kit.sealed_files import SealedFiles
from clients.kit.server_connection import ServerConnection
from clients.pathology.media.devices import FileChoice, encode
from clients.pathology.media.journal import CaptureJournal
from clients.pathology.media.sending import Sender
from shared.contract.pathology_media import MediaFacts
from shared.domain.pathology_media import MediaKind, MediaSubject
from shared.imaging import motion_avi

PAUSE_S = 0.02
VIDEO_EVERY = 7
_SIZE = (160, 120)
_say = threading.Lock()


def say(*words: object) -> None:
    """Write a line at once."""
    with _say:
        os.write(1, (" ".join(str(word) for word in words) + "\n").encode())


def picture_of(number: int) -> bytes:
    """A picture that no other capture shows."""
    picture = np.full((_SIZE[1], _SIZE[0], 3), number % 200, np.uint8)
    cv2.putText(picture, str(number), (4, 60), cv2.FONT_HERSHEY_PLAIN, 1.5, (255, 255, 255))
    return encode(picture, FileChoice())


def record(journal: CaptureJournal, facts: MediaFacts, number: int) -> None:
    """A short recording, piece by piece."""
    key = journal.begin(facts)
    for piece in range(3):
        data = motion_avi.chunk(picture_of(number + piece))
        journal.append(key, (motion_avi.header(*_SIZE, 25.0) if piece == 0 else b"") + data)
        say("piece", key)
    journal.end(key)


def main() -> None:
    """Capture until killed."""
    server, folder, case_id, password, first = sys.argv[1], Path(sys.argv[2]), *sys.argv[3:6]
    line = ServerConnection(server)
    line.login("admin", password)
    journal = CaptureJournal(SealedFiles.for_user("admin", "captures", folder))
    sender = Sender(
        journal,
        line.call,
        lambda key, _view: say("safe", key, time.monotonic()),
        lambda key, why: say("refused", key, why.replace(" ", "_")),
    )
    sender.start()

    def facts(kind: MediaKind, media_type: str) -> MediaFacts:
        return MediaFacts(
            case_id=int(case_id),
            kind=kind,
            subject=MediaSubject.GROSS,
            media_type=media_type,
            taken_at=datetime.now(UTC),
            frame_rate=25.0 if kind is MediaKind.VIDEO else 0.0,
        )

    if first == "0":
        while journal.waiting():
            time.sleep(0.02)
        say("idle")
    for number in count(int(first)) if first != "0" else ():
        data = picture_of(number)
        key = journal.keep(facts(MediaKind.IMAGE, "image/jpeg"), data)
        say("clicked", key, hashlib.sha256(data).hexdigest(), time.monotonic())
        sender.wake()
        if number % VIDEO_EVERY == 0:
            record(journal, facts(MediaKind.VIDEO, "video/x-msvideo"), number)
            sender.wake()
        time.sleep(PAUSE_S)
    time.sleep(3600)


if __name__ == "__main__":
    main()
