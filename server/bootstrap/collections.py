"""Puts the list's clocks and forecasts, and what doctors collect around reports, together."""

from __future__ import annotations

from server.collections.favourites import Favourites
from server.collections.follow_ups import FollowUps
from server.collections.phrases import PhraseFiles
from server.collections.ports import Documents
from server.collections.remarks import Remarks
from server.collections.rpc import CollectionsRpc
from server.collections.similar_cases import SimilarCases
from server.collections.teaching import TeachingFiles
from server.kernel.clock import HospitalTime
from server.reporting.service import ReportService
from server.reporting.templates import Templates
from server.reporting.worklist import Worklist
from server.reporting.worklist_forecast import BreachForecasts
from server.reporting.worklist_rpc import WorklistRpc
from server.reporting.worklist_texts import ApprovedTexts


def follow_the_clock(reports: ReportService, time: HospitalTime) -> WorklistRpc:
    """Keep forecasts as reports move; return the handlers of clocks and forecasts."""
    forecasts = BreachForecasts(time)
    reports.follow(forecasts)
    return WorklistRpc(forecasts)


def collections_of(
    reports: ReportService, worklist: Worklist, templates: Templates, documents: Documents, time: HospitalTime
) -> CollectionsRpc:
    """Return the handlers of favourites, follow-up, remarks, teaching files, similar cases and phrase files."""
    return CollectionsRpc(
        Favourites(reports, worklist, time),
        FollowUps(reports, worklist, time),
        Remarks(reports, time),
        TeachingFiles(reports, documents, time),
        SimilarCases(reports, worklist, ApprovedTexts()),
        PhraseFiles(templates),
    )
