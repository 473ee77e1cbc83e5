"""Four senders that store until the line breaks; each acknowledged object is a line on standard output: its SOP
Instance UID and its Study Instance UID.

A process of its own: what pynetdicom leaves behind when a server dies stays out of the tests' process.
"""

from __future__ import annotations

import copy
import logging
import sys
import threading

from pydicom import Dataset
from pynetdicom import AE

from shared.dicomkit.synthetic import ct_series
from shared.dicomkit.uids import new_uid

SENDERS = 4


def send(port: int, template: Dataset, out: threading.Lock) -> None:
    """Store small CT images, one after the other."""
    ae = AE(ae_title="CT1")
    ae.connection_timeout = ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 5
    ae.add_requested_context(template.SOPClassUID, template.file_meta.TransferSyntaxUID)
    association = ae.associate("127.0.0.1", port, ae_title="MINGJING")
    image = copy.deepcopy(template)  # a shallow copy would share its elements with the other senders
    image.StudyInstanceUID, image.SeriesInstanceUID = new_uid(), new_uid()
    while association.is_established:
        uid = new_uid()
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = uid
        try:
            status = association.send_c_store(image)
        except (RuntimeError, ValueError):
            return
        if status.get("Status") == 0:
            with out:
                sys.stdout.write(f"{uid} {image.StudyInstanceUID}\n")
                sys.stdout.flush()


def main() -> None:
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)
    template = ct_series(slices=1, rows=64)[0]
    out = threading.Lock()
    for line in sys.stdin:  # one port per round, so that the imports are paid once
        threads = [threading.Thread(target=send, args=(int(line), template, out)) for _ in range(SENDERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with out:
            sys.stdout.write("over\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
