"""Search parameters of DiagnosticReport: what they mean, and that nothing odd gets through."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.doors.web.dicomweb.ports import Refusal
from server.doors.web.fhir.ports import ReportSearch, Span
from server.doors.web.fhir.searching import MOST_ROWS, search_of

ZONE = dt.timezone(dt.timedelta(hours=8))


def wanted(query: str) -> ReportSearch:
    pairs = [tuple(one.split("=", 1)) for one in query.split("&")]
    return search_of(pairs, ZONE)[0]  # type: ignore[arg-type]


def day(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("query", "field", "value"),
    [
        ("_id=7,9", "report_ids", (7, 9)),
        ("identifier=urn:mingjing:accession-number|CT1", "accession_numbers", ("CT1",)),
        ("identifier=CT1", "accession_numbers", ("CT1",)),
        ("identifier=urn:other|CT1", "accession_numbers", ("\0",)),
        ("patient=Patient/3", "patient_ids", (3,)),
        ("subject=3", "patient_ids", (3,)),
        ("patient=http://elsewhere/fhir/Group/3", "patient_ids", (-1,)),
        ("patient.identifier=P1", "patient_numbers", ("P1",)),
        ("based-on=ServiceRequest/4", "exam_ids", (4,)),
        ("status=final,corrected", "statuses", ("final", "corrected")),
        ("_count=100000", "limit", MOST_ROWS),
        ("_count=0", "limit", 0),
        ("patient=3&subject=4", "patient_ids", (-1,)),
        ("category=LAB", "report_ids", (-1,)),
        ("category=http://terminology.hl7.org/CodeSystem/v2-0074|RAD", "report_ids", ()),
    ],
)
def test_a_parameter_becomes_a_condition(query: str, field: str, value: object) -> None:
    assert getattr(wanted(query), field) == value


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("2026", Span(day("2026-01-01"), day("2027-01-01"))),
        ("2026-12", Span(day("2026-12-01"), day("2027-01-01"))),
        ("2026-11-21", Span(day("2026-11-21"), day("2026-11-22"))),
        ("ge2026-11-21", Span(day("2026-11-21"), None)),
        ("gt2026-11-21", Span(day("2026-11-22"), None)),
        ("lt2026-11-21", Span(None, day("2026-11-21"))),
        ("le2026-11-21", Span(None, day("2026-11-22"))),
        ("ge2026-11-21T08:30:00Z", Span(dt.datetime(2026, 11, 21, 8, 30, tzinfo=dt.UTC), None)),
        ("ge2026-11-21T08:30+09:00", Span(dt.datetime.fromisoformat("2026-11-21T08:30+09:00"), None)),
    ],
)
def test_dates_are_spans_of_the_hospitals_time(text: str, span: Span) -> None:
    assert wanted(f"date={text}").examined == span
    assert wanted(f"_lastUpdated={text}").issued == span


def test_two_dates_are_both_ends() -> None:
    span = wanted("date=ge2026-11-01&date=lt2026-12-01").examined
    assert span == Span(day("2026-11-01"), day("2026-12-01"))


@pytest.mark.parametrize(
    "query",
    ["date=yesterday", "date=2026-13", "date=ne2026", "date=9999", "_count=-1", "_include=Patient:link", "status="],
)
def test_what_cannot_be_read_is_refused(query: str) -> None:
    with pytest.raises(Refusal) as refused:
        wanted(query)
    assert refused.value.status == 400


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["_id", "identifier", "patient", "date", "_count", "_offset", "status", "_include", "x"]),
            st.text(max_size=40),
        ),
        max_size=6,
    )
)
def test_any_query_is_read_or_refused(query: list[tuple[str, str]]) -> None:
    try:
        search, _, unknown = search_of(query, ZONE)
    except Refusal as refused:
        assert refused.status == 400
        return
    assert 0 <= search.limit <= MOST_ROWS and 0 <= search.offset < 10**9
    assert set(unknown) <= {"x"}
