"""What rules send without identity, and what is sent again after a correction, on both databases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import Dataset
from pydicom.filereader import read_dataset
from sqlalchemy import select

from server.archive.corrections.service import CorrectionService
from server.archive.exchange.tables import Pseudonym
from server.archive.routing.anonymising import Anonymising
from server.archive.routing.jobs import Forwarding
from server.archive.routing.ports import Outcome
from server.archive.routing.service import RoutingService
from server.archive.tables import Study
from server.kernel.database import Database
from server.kernel.errors import Refusal
from server.kernel.jobs import JobRunner
from shared.contract.corrections import CorrectionView, TagValue
from shared.contract.exchange import AnonymiseOption, AnonymisePlan
from shared.contract.routing import ForwardState, TargetKind
from tests.server.archive.archive_house import ZONE
from tests.server.archive.routing.test_routing import Post, a_study, uids

SECRET = b"k" * 32
PLAN = AnonymisePlan(project="TRIAL", options=(AnonymiseOption.RETAIN_DEVICE_IDENTITY,))


def no_decoder(_data: bytes, _syntax: str) -> bytes:
    raise ValueError("nothing is compressed here")


class NamelessPost(Post):
    """A post that can anonymise, and a desk where studies are corrected."""

    def __init__(self, folder: Path, database: Database) -> None:
        super().__init__(folder, database)
        ways = {TargetKind.DICOM: self.way, TargetKind.STOW: self.way}
        self.service = RoutingService(database, self.reports, ways, lambda *_: True, ZONE, lambda: SECRET)
        anonymising = Anonymising(database, SECRET, no_decoder)
        objects = self.house.service.objects
        self.forwarding = Forwarding(database, objects, self.service, anonymising=anonymising)
        self.runner = JobRunner(database, self.forwarding.kinds())
        self.corrections = CorrectionService(self.house.exams)

    def sent(self) -> list[Dataset]:
        return [read_dataset(BytesIO(data), False, True) for data in self.way.data.values()]

    def correct(self, study: Sequence[Dataset], **values: str) -> CorrectionView:
        uid = str(study[0].StudyInstanceUID)
        with self.database.write() as uow:
            version = uow.session.execute(select(Study.version).where(Study.uid == uid)).scalar_one()
            asked = tuple(TagValue(keyword=keyword, value=value) for keyword, value in values.items())
            event = self.corrections.correct_study(uow, "王医生", uid, version, asked, "选错了患者")
            self.service.corrected(uow, event)
        return event


@pytest.fixture
def post(database: Database, tmp_path: Path) -> Iterator[NamelessPost]:
    made = NamelessPost(tmp_path, database)
    yield made
    made.house.stop()


def a_named_study(slices: int = 2, **attributes: str) -> list[Dataset]:
    made = a_study(slices)
    named = {"PatientName": "Ouyang^Xiaoming=欧阳^晓明", "PatientID": "HOSP-7712", "SpecificCharacterSet": "GB18030"}
    for one in made:
        for keyword, value in (named | attributes).items():
            setattr(one, keyword, value)
    return made


def test_objects_leave_under_other_uids_and_without_a_name(post: NamelessPost) -> None:
    post.rule(post.target(), anonymise=PLAN)
    study = a_named_study(3)
    post.receive(study)
    post.look()
    post.work()
    (forward,) = post.forwards()
    assert (forward.state, forward.sent, forward.is_anonymised) == (ForwardState.SENT, 3, True)
    sent = post.sent()
    assert len({one.SOPInstanceUID for one in sent}) == 3 and len({one.StudyInstanceUID for one in sent}) == 1
    assert {str(one.SOPInstanceUID) for one in sent} == set(post.way.arrived["PACS"])  # what C-STORE says, too
    everything = b"".join(post.way.data.values()) + "".join(post.way.arrived["PACS"]).encode()
    secrets = ["Ouyang", "HOSP-7712", *uids(study), str(study[0].StudyInstanceUID), str(study[0].SeriesInstanceUID)]
    assert not [one for one in secrets if one.encode() in everything]
    assert "欧阳".encode("gb18030") not in everything and "欧阳".encode() not in everything
    with post.database.read() as uow:
        (row,) = uow.session.execute(select(Pseudonym)).scalars()
    assert (row.pseudonym, row.patient_id) == (str(sent[0].PatientID), "HOSP-7712")
    assert post.look() == 0


def test_what_cannot_be_made_anonymous_fails_with_its_sentence(post: NamelessPost) -> None:
    post.rule(post.target(), anonymise=PLAN)
    study = a_named_study(2)
    study[1].BurnedInAnnotation = "YES"
    post.receive(study)
    # the DICOM way out says only that an object could not be read
    post.way.send = lambda _to, objects, told: [told([_tried(one)]) for one in objects]  # type: ignore[method-assign]
    post.look()
    post.work()
    (forward,) = post.forwards()
    assert (forward.state, forward.sent, forward.attempts) == (ForwardState.FAILED, 1, 0)
    assert "burned into its pixels" in forward.sentence


def _tried(item: object) -> Outcome:
    try:
        with item.open():  # type: ignore[attr-defined]
            return Outcome(item.sop_instance_uid, True)  # type: ignore[attr-defined]
    except OSError:
        return Outcome(item.sop_instance_uid, False, "The object could not be read (0110)")  # type: ignore[attr-defined]


def test_commitment_speaks_of_the_uids_that_left(post: NamelessPost) -> None:
    post.rule(post.target(commitment=True), anonymise=PLAN)
    study = a_named_study(2)
    post.receive(study)
    lost = Anonymising(post.database, SECRET, no_decoder).of(PLAN, print).uid(uids(study)[1])
    post.way.keeps_not.add(lost)
    post.look()
    post.work()
    assert (post.forwards()[0].state, post.forwards()[0].sent) == (ForwardState.WAITING, 1)
    post.way.keeps_not.clear()
    post.later()
    post.work()
    assert post.forwards()[0].state is ForwardState.SENT
    assert post.way.arrived["PACS"].count(lost) == 2


def test_what_a_person_sends_to_such_a_target_leaves_without_a_name_too(post: NamelessPost) -> None:
    target = post.target()
    post.rule(target, anonymise=PLAN, enabled=False)
    study = a_named_study(1)
    post.receive(study)
    with post.database.write() as uow:
        post.service.send_study(uow, str(study[0].StudyInstanceUID), target)
    post.work()
    assert str(post.sent()[0].PatientID).startswith("TRIAL-")


def test_a_plan_that_cannot_be_followed_is_refused(post: NamelessPost) -> None:
    target = post.target()
    with pytest.raises(Refusal):
        post.rule(target, anonymise=AnonymisePlan(project="项目"))


def test_a_corrected_study_is_sent_again_when_its_rule_says_so(post: NamelessPost) -> None:
    post.rule(post.target("AGAIN"), resend_after_correction=True)
    post.rule(post.target("ONCE"))
    study = a_named_study(3)
    post.receive(study)
    post.look()
    post.work()
    event = post.correct(study, PatientID="P2")
    post.work()
    assert post.way.arrived["AGAIN"] == uids(study) * 2 and post.way.arrived["ONCE"] == uids(study)
    again, once = sorted(post.forwards(), key=lambda one: one.target_name)
    assert (again.state, again.sent, again.total) == (ForwardState.SENT, 3, 3)
    assert again.why == f"第 {event.id} 号更正后全部重新发送：选错了患者" and once.why == ""


def test_a_correction_while_a_study_is_sent_lets_nothing_stay_as_it_was(post: NamelessPost) -> None:
    post.rule(post.target(), resend_after_correction=True)
    study = a_named_study(4)
    post.receive(study)
    plain = post.way.send

    def send(to, objects, told):  # type: ignore[no-untyped-def]
        def corrected_meanwhile(outcomes):  # type: ignore[no-untyped-def]
            if len(post.way.data) == 2:
                post.correct(study, PatientID="P2")
            return told(outcomes)

        plain(to, objects, corrected_meanwhile)

    post.way.send = send  # type: ignore[method-assign]
    post.look()
    post.runner.run_one("routing.send")
    post.way.send = plain  # type: ignore[method-assign]
    post.work()
    assert {str(one.PatientID) for one in post.sent()} == {"P2"} and len(post.sent()) == 4
    assert post.forwards()[0].state is ForwardState.SENT
