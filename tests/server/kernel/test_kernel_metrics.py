"""Counters of several processes become one sum in Prometheus' format."""

from __future__ import annotations

import re
from pathlib import Path

import requests

from server.kernel.metrics import Metrics, MetricsFile, collected, forget
from tests.web_house import a_web_house

_LINE = re.compile(r'[a-z_]+(\{[a-z_]+="[^"\\]*"(,[a-z_]+="[^"\\]*")*\})? [0-9.e+-]+\Z')


def test_sums_over_processes_and_restarts(tmp_path: Path) -> None:
    for name in ("a", "b"):
        metrics = Metrics()
        metrics.count("stored_objects_total", 3, door="web")
        metrics.count("stored_objects_total", door="dicom")
        for seconds in (0.0005, 0.02, 99.0):
            metrics.observe("query_seconds", seconds, door="web")
        MetricsFile(tmp_path, name, metrics).write()
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    counters, histograms, pids = collected(tmp_path)
    assert counters["stored_objects_total", (("door", "web"),)] == 6
    assert counters["stored_objects_total", (("door", "dicom"),)] == 2
    row = histograms["query_seconds", (("door", "web"),)]
    assert sum(row[:-1]) == 6 and row[0] == 2 and row[-2] == 2
    assert len(pids) == 2
    forget(tmp_path)
    assert collected(tmp_path) == ({}, {}, [])


def test_a_flood_of_labels_is_bounded() -> None:
    metrics = Metrics()
    for number in range(5000):
        metrics.count("x_total", label=str(number))
        metrics.observe("y_seconds", 1.0, label=str(number))
    assert len(metrics.snapshot()["counters"]) == 2000
    assert len(metrics.snapshot()["histograms"]) == 2000


def test_the_page_is_prometheus_text(tmp_path: Path) -> None:
    with a_web_house(tmp_path) as house:
        metrics = Metrics()
        metrics.count("stored_objects_total", 5, door="dicom")
        metrics.observe("query_seconds", 0.3, door="dicom")
        MetricsFile(house.folders.metrics, "dicom-worker-0", metrics).write()
        text = requests.get(f"{house.root}/metrics", timeout=10).text
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(_LINE.match(line) for line in lines), [line for line in lines if not _LINE.match(line)]
    assert 'mingjing_stored_objects_total{door="dicom"} 5' in lines
    assert 'mingjing_query_seconds_bucket{door="dicom",le="0.5"} 1' in lines
    assert 'mingjing_query_seconds_bucket{door="dicom",le="0.25"} 0' in lines
    assert 'mingjing_query_seconds_count{door="dicom"} 1' in lines
    names = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert len(names) == len(set(names))
    assert "mingjing_studies" in names and "mingjing_disk_free_bytes" in names
    assert any(line.startswith("mingjing_process_resident_bytes") for line in lines) or not Path("/proc").is_dir()
