"""From a cart's file to 已采集 on a whole server: `bench_ecg_upload.py [--records N]`.

Each record is another 12-lead one of 10 s at 500 Hz, as SCP-ECG. Printed are the seconds of the upload's answer (read,
measured, judged, kept, exam 已采集) with their ratio to what an operator shall wait at most, and of the DICOM object
being in the archive.
"""

from __future__ import annotations

import argparse
import hashlib
import secrets
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from shared.contract import ecg
from shared.contract import ecg_acquisition as acquisition
from shared.domain.ecg import ExamState, TraceSource
from shared.domain.states import Sex
from shared.waveform import formats
from tests.ecg_phantom import Heart, twelve_leads
from tests.server_process import running_server

_LIMIT_S = 1.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=20)
    count = parser.parse_args().records
    files = []
    for number in range(count):
        record, _truth = twelve_leads(Heart(rr_ms=700.0 + 10 * number, noise_uv=5.0 + number % 4))
        files.append(next(iter(formats.write(record, "scp").files.values())))
    answers, archived = [], []
    with tempfile.TemporaryDirectory() as folder, running_server(Path(folder) / "data") as server:
        client = server.client()
        for number, data in enumerate(files):
            entry = ecg.EcgEntry(patient_name=f"病人{number}", sex=Sex.MALE, age="50")
            exam_id = client.call(ecg.RegisterEcg(entry=entry)).exam.row.id
            part = acquisition.UploadPart(
                name="cart.scp", size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest()
            )
            facts = acquisition.UploadFacts(parts=(part,), exam_id=exam_id, source=TraceSource.FILE)
            begun = time.perf_counter()
            client.call(acquisition.AddTrace(key=secrets.token_hex(16), facts=facts, data=data))
            answers.append(time.perf_counter() - begun)
            assert client.call(ecg.GetEcgExam(exam_id=exam_id)).row.state is ExamState.ACQUIRED
            while not client.call(ecg.GetTrace(exam_id=exam_id)).trace.sop_uid:
                time.sleep(0.02)
            archived.append(time.perf_counter() - begun)
        client.close()
    worst = sorted(answers)[max(0, round(0.95 * count) - 1)]
    print(f"records: {count}, {median(len(data) for data in files) / 1024:.0f} KB each")
    print(f"first answer: {answers[0]:.2f} s (libraries are loaded)")
    print(f"answer, median: {median(answers):.2f} s = {median(answers) / _LIMIT_S:.2f} of the limit of {_LIMIT_S:g} s")
    print(f"answer, 95 %: {worst:.2f} s = {worst / _LIMIT_S:.2f} of the limit")
    print(f"in the archive, median: {median(archived):.2f} s")


if __name__ == "__main__":
    main()
