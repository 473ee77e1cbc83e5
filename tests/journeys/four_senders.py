"""Four senders that store until the line breaks; each acknowledged object is a line on standard output: its SOP
Instance UID and its Study Instance UID.

They are our own requestors, because these notice a dead server at once: pynetdicom waits for its timeouts.
"""

from __future__ import annotations

import random
import sys
import threading

from server.doors.dicom.requestor import NotAssociated, RequestedAssociation
from server.doors.dicom.transport import ConnectionEnded
from shared.dicomkit.synthetic import ct_series
from tests.server.archive.archive_house import encoded

SENDERS = 4
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"


def fresh_uid() -> str:
    """A UID that is as long as all others of this function."""
    return f"2.25.{random.randrange(10**37, 10**38)}"


def send(port: int, sop_class: str, template: bytes, uids: tuple[str, str, str], out: threading.Lock) -> None:
    """Store small CT images, one after the other."""
    study, series = fresh_uid(), fresh_uid()
    image = template.replace(uids[0].encode(), study.encode()).replace(uids[1].encode(), series.encode())
    try:
        with RequestedAssociation.open(
            "127.0.0.1", port, called_ae="MINGJING", calling_ae="CT1", contexts=[(sop_class, (EXPLICIT_LITTLE,))]
        ) as association:
            while True:
                uid = fresh_uid()
                data = image.replace(uids[2].encode(), uid.encode())
                if association.store(sop_class, uid, EXPLICIT_LITTLE, memoryview(data)) == 0:
                    with out:
                        sys.stdout.write(f"{uid} {study}\n")
                        sys.stdout.flush()
    except (NotAssociated, ConnectionEnded, OSError):  # the line broke, which is how every round ends
        return


def main() -> None:
    first = ct_series(slices=1, rows=64)[0]
    uids = fresh_uid(), fresh_uid(), fresh_uid()
    first.StudyInstanceUID, first.SeriesInstanceUID, first.SOPInstanceUID = uids
    template = encoded(first)
    out = threading.Lock()
    for line in sys.stdin:  # one port per round, so that the imports are paid once
        given = (int(line), str(first.SOPClassUID), template, uids, out)
        threads = [threading.Thread(target=send, args=given) for _ in range(SENDERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with out:
            sys.stdout.write("over\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
