"""Routing: where images are sent by themselves, how attributes are changed on the way, and what became of each study.

Patterns are written with ``*`` and ``?``, case does not count; an empty list of patterns means "any".
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from shared.contract.archive import StudyRow
from shared.contract.base import AuditClass, Command, Nothing, Page, Query
from shared.contract.exchange import AnonymisePlan
from shared.domain.permissions import Permission


class TargetKind(StrEnum):
    """How a target is spoken to."""

    DICOM = "dicom"  # C-STORE
    STOW = "stow"  # DICOMweb STOW-RS


class Moment(StrEnum):
    """When a study is ready for a rule."""

    ARRIVED = "arrived"  # any image: while the study is still being received
    QUIET = "quiet"  # no image for `quiet_s` seconds
    COMPLETE = "complete"  # the archive knows that nothing is missing
    MATCHED = "matched"  # it belongs to an exam
    REPORTED = "reported"  # the report of its exam is approved


class ForwardState(StrEnum):
    """How far a study came on its way to a target."""

    WAITING = "waiting"
    SENDING = "sending"
    VERIFYING = "verifying"  # sent; storage commitment is asked for
    SENT = "sent"
    FAILED = "failed"  # the target refuses; see the sentence
    CANCELLED = "cancelled"


class Operation(StrEnum):
    """What is done to an attribute."""

    SET = "set"  # to `value`
    REMOVE = "remove"
    COPY = "copy"  # from the attribute `value` (a keyword)
    PREFIX = "prefix"  # `value` before what is there
    SUFFIX = "suffix"
    REPLACE = "replace"  # every `value` (plain text) by `other`


class TagRule(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one attribute (a keyword of the DICOM dictionary, or ``GGGG,EEEE``). UIDs cannot be changed."""

    operation: Operation
    keyword: str
    value: str = ""
    other: str = ""


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """All that are stated must hold. Patterns of one list: one of them must fit."""

    sender_aes: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    body_parts: tuple[str, ...] = ()
    descriptions: tuple[str, ...] = ()  # of study or series
    institutions: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()
    patient_ids: tuple[str, ...] = ()
    moment: Moment = Moment.QUIET
    quiet_s: int = 30
    weekdays: tuple[int, ...] = ()  # 0 is Monday, in the hospital's time; empty: every day
    from_time: str = ""  # "HH:MM"; with until_time "06:00" a window may go over midnight
    until_time: str = ""


class TargetView(msgspec.Struct, frozen=True, kw_only=True):
    """A place that images are sent to."""

    id: int
    version: int
    name: str
    kind: TargetKind
    enabled: bool
    ae_title: str  # kind dicom: a peer of the organisation
    url: str  # kind stow: of the studies resource, https://host/dicom-web/studies
    token_file: str  # name of a file in the server's secrets folder that holds a bearer token
    concurrency: int
    transfer_syntaxes: tuple[str, ...]  # preferred, best first; empty: as stored
    commitment: bool  # ask for storage commitment after sending
    waiting: int
    failed: int
    down_since: datetime | None
    next_try: datetime | None
    last_error: str


class RuleView(msgspec.Struct, frozen=True, kw_only=True):
    """A rule: what is sent, where, when, and changed how."""

    id: int
    version: int
    name: str
    enabled: bool
    conditions: Conditions
    target_id: int
    changes: tuple[TagRule, ...]
    delay_s: int
    priority: int  # higher goes first
    days_back: int  # studies older than this are not looked at
    anonymise: AnonymisePlan | None = None  # objects leave without identity, after `changes`
    resend_after_correction: bool = False  # a study that was sent is sent again, whole, when it is corrected


class CoercionView(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that changes how images of some senders are kept in the index and handed out; the files stay."""

    id: int
    version: int
    name: str
    enabled: bool
    sender_aes: tuple[str, ...]
    modalities: tuple[str, ...]
    changes: tuple[TagRule, ...]


class ForwardView(msgspec.Struct, frozen=True, kw_only=True):
    """A study on its way to a target."""

    id: int
    study_uid: str
    patient_name: str
    patient_id: str
    accession_number: str
    target_id: int
    target_name: str
    rule_name: str  # empty: sent by hand
    state: ForwardState
    sent: int
    total: int
    attempts: int
    sentence: str  # the last error, or what is waited for; empty when all went well
    created_at: datetime
    changed_at: datetime
    next_try: datetime | None
    finished_at: datetime | None
    why: str = ""  # why it was sent again last: a correction, a rejection; empty: it was not
    is_anonymised: bool = False


class ForwardList(msgspec.Struct, frozen=True, kw_only=True):
    """Rows, newest first, and how many there are in all."""

    total: int
    rows: tuple[ForwardView, ...]


class ListTargets(Query[tuple[TargetView, ...]], frozen=True, kw_only=True):
    """All targets with the state of their queues."""

    method = "routing.list_targets"
    permission = Permission.MATCH_IMAGES
    audit = AuditClass.ROUTINE


class SaveTarget(Command[TargetView], frozen=True, kw_only=True):
    """Add (`id` 0) or change a target. Refusals: NOT_FOUND, CONFLICT, INVALID."""

    method = "routing.save_target"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    id: int = 0
    version: int = 0
    name: str
    kind: TargetKind
    enabled: bool = True
    ae_title: str = ""
    url: str = ""
    token_file: str = ""
    concurrency: int = 1
    transfer_syntaxes: tuple[str, ...] = ()
    commitment: bool = False


class RemoveTarget(Command[Nothing], frozen=True, kw_only=True):
    """Forget a target with its queue and record. Refusals: NOT_FOUND, ILLEGAL_ACTION (a rule names it)."""

    method = "routing.remove_target"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    id: int


class TestTarget(Query[str], frozen=True, kw_only=True):
    """Try to reach a target (C-ECHO, or a request to the DICOMweb server): an empty text when it answers, else a
    sentence. Refusals: NOT_FOUND."""

    __test__ = False
    method = "routing.test_target"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    id: int


class ListRules(Query[tuple[RuleView, ...]], frozen=True, kw_only=True):
    """All rules."""

    method = "routing.list_rules"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS


class SaveRule(Command[RuleView], frozen=True, kw_only=True):
    """Add (`id` 0) or change a rule. Refusals: NOT_FOUND, CONFLICT, INVALID."""

    method = "routing.save_rule"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    id: int = 0
    version: int = 0
    name: str
    enabled: bool = True
    conditions: Conditions = Conditions()
    target_id: int
    changes: tuple[TagRule, ...] = ()
    delay_s: int = 0
    priority: int = 0
    days_back: int = 7
    anonymise: AnonymisePlan | None = None
    resend_after_correction: bool = False


class RemoveRule(Command[Nothing], frozen=True, kw_only=True):
    """Forget a rule; what is on its way arrives. Refusals: NOT_FOUND."""

    method = "routing.remove_rule"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    id: int


class RulePreview(msgspec.Struct, frozen=True, kw_only=True):
    """A study and what a rule would do with it now."""

    study: StudyRow
    applies: bool
    sentence: str  # why not; empty when it applies


class PreviewRule(Query[tuple[RulePreview, ...]], frozen=True, kw_only=True):
    """What a rule would do with the newest studies, without saving it. Refusals: INVALID."""

    method = "routing.preview_rule"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    conditions: Conditions
    target_id: int = 0
    limit: int = 50


class ListCoercions(Query[tuple[CoercionView, ...]], frozen=True, kw_only=True):
    """All rules for what comes in."""

    method = "routing.list_coercions"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS


class SaveCoercion(Command[CoercionView], frozen=True, kw_only=True):
    """Add (`id` 0) or change a rule for what comes in. Refusals: NOT_FOUND, CONFLICT, INVALID."""

    method = "routing.save_coercion"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    id: int = 0
    version: int = 0
    name: str
    enabled: bool = True
    sender_aes: tuple[str, ...]
    modalities: tuple[str, ...] = ()
    changes: tuple[TagRule, ...]


class RemoveCoercion(Command[Nothing], frozen=True, kw_only=True):
    """Forget a rule for what comes in; what it changed stays changed. Refusals: NOT_FOUND."""

    method = "routing.remove_coercion"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    id: int


class ListForwards(Query[ForwardList], frozen=True, kw_only=True):
    """What became of studies; empty and 0 match all."""

    method = "routing.list_forwards"
    permission = Permission.MATCH_IMAGES
    audit = AuditClass.IMAGES

    study_uid: str = ""
    target_id: int = 0
    states: tuple[ForwardState, ...] = ()
    page: Page = Page()


class SendStudy(Command[ForwardView], frozen=True, kw_only=True):
    """Send a study to a target by hand, before all that rules have queued. Refusals: NOT_FOUND."""

    method = "routing.send_study"
    permission = Permission.MATCH_IMAGES
    audit = AuditClass.EXPORT

    study_uid: str
    target_id: int


class ResendForward(Command[ForwardView], frozen=True, kw_only=True):
    """Try a failed one at once, or, with `everything`, send all images again (after a correction). Refusals:
    NOT_FOUND."""

    method = "routing.resend"
    permission = Permission.MATCH_IMAGES
    audit = AuditClass.EXPORT

    forward_id: int
    everything: bool = False


class CancelForward(Command[ForwardView], frozen=True, kw_only=True):
    """Send no more of this study to the target. Refusals: NOT_FOUND."""

    method = "routing.cancel"
    permission = Permission.MATCH_IMAGES
    audit = AuditClass.EXPORT

    forward_id: int
