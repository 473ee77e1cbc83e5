"""A random walk over the object graph of pathology, and what must be true of the database after any of its steps."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select

from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal
from server.pathology.cases.tables import CaseRow, EventRow, NumberRow
from server.pathology.technique.sections import Making
from server.pathology.technique.tables import BlockRow, SlideRow, SpecimenRow
from shared.contract import pathology as contract
from shared.contract import pathology_preparation as preparation
from shared.contract import pathology_technique as technique
from shared.contract import pathology_trail as trail
from shared.contract.base import Request
from shared.domain.pathology import BlockAction, CaseAction, ObjectKind, SlideAction, Station, TaskSource
from shared.domain.pathology_barcodes import make_code
from tests.server.pathology.pathology_world import BOSS, OTHER_TECHNICIAN, PathologyWorld

_MODELS = {ObjectKind.SPECIMEN: SpecimenRow, ObjectKind.BLOCK: BlockRow, ObjectKind.SLIDE: SlideRow}
_FIRST_STATES = {ObjectKind.SPECIMEN: "registered", ObjectKind.BLOCK: "to_verify", ObjectKind.SLIDE: "cut"}
_VERIFIER = Caller(
    user_id=OTHER_TECHNICIAN.user_id, login="js2", name=OTHER_TECHNICIAN.name, permissions=BOSS.permissions
)


class Crash(Exception):
    """The server died just before or just after a commit."""


class CrashingDatabase:
    """A database whose process may die at any commit: nothing of the transaction stays, or all of it."""

    def __init__(self, database: Database, chance: random.Random, share: float) -> None:
        self._database = database
        self._chance = chance
        self._share = share

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    @contextmanager
    def write(self) -> Iterator[UnitOfWork]:
        dies = self._chance.random() < self._share
        is_before = self._chance.random() < 0.5
        with self._database.write() as uow:
            yield uow
            if dies and is_before:
                raise Crash
        if dies:
            raise Crash


class Walk:
    """Takes random steps with random objects; what is refused is refused."""

    def __init__(self, world: PathologyWorld, chance: random.Random) -> None:
        self.world = world
        self.chance = chance
        self.done = 0
        self.refused = 0
        self._steps: tuple[Callable[[], Any], ...] = (
            self._register,
            self._decide,
            self._decide,
            self._add_blocks,
            self._add_blocks,
            self._edit_block,
            self._delete_blocks,
            self._verify,
            self._verify,
            self._embed,
            self._embed,
            self._undo,
            self._section,
            self._section,
            self._section,
            self._by_hand,
            self._smear,
            self._order,
            self._delete_slides,
            self._labels,
            self._labels,
            self._check,
            self._check,
            self._hand_over,
            self._tissue,
            self._store,
            self._scan,
            self._scan,
            self._move,
            self._keep,
            self._transfer,
            self._delete_case,
            self._step_case,
        )

    def step(self) -> None:
        """Take one step. Raises Crash, and whatever is no refusal."""
        try:
            self.chance.choice(self._steps)()
            self.done += 1
        except Refusal:
            self.refused += 1
        self.world.clock.forward(seconds=self.chance.randrange(3))

    def _ask(self, request: Request[Any], caller: Caller = BOSS) -> Any:
        return self.world.ask(caller, request)

    # ── random objects ───────────────────────────────────────────────────────────────────────────────

    def _some(self, model: Any, most: int = 1, **of: Any) -> list[Any]:
        statement = select(model).order_by(model.id.desc()).limit(40)
        for name, value in of.items():
            statement = statement.where(getattr(model, name) == value)
        with self.world.database.read() as uow:
            rows = list(uow.session.scalars(statement))
        return self.chance.sample(rows, min(len(rows), self.chance.randint(1, most)))

    def _ids(self, model: Any, most: int = 4, **of: Any) -> tuple[int, ...]:
        return tuple(row.id for row in self._some(model, most, **of)) or (1,)

    def _case(self) -> int:
        return self._ids(CaseRow, 1)[0]

    def _code(self) -> str:
        kind = self.chance.choice(list(_MODELS))
        for row in self._some(_MODELS[kind]):
            return make_code(kind, row.label if isinstance(row, BlockRow) else row.number)
        return "2600001.C-"

    # ── steps ────────────────────────────────────────────────────────────────────────────────────────

    def _register(self) -> None:
        if self._case() > 12 and self.chance.random() < 0.8:
            return
        typed = self.chance.choice(["", "", "", f"26{self.chance.randrange(1, 30):05d}"])
        self._ask(
            contract.RegisterCase(
                library_id=self.chance.choice(list(self.world.libraries.values())),
                entry=contract.CaseEntry(patient_name=self.chance.choice(["张三", "李四", "王五"])),
                number=typed,
                specimens=(technique.SpecimenEntry(name="胃"),) * self.chance.randint(1, 3),
            )
        )

    def _decide(self) -> None:
        ids = self._ids(SpecimenRow, state="registered")
        if self.chance.random() < 0.9:
            self._ask(technique.AcceptSpecimens(specimen_ids=ids))
        else:
            self._ask(technique.RejectSpecimens(specimen_ids=ids[:1], reason="无标签"))

    def _add_blocks(self) -> None:
        for specimen in self._some(SpecimenRow):
            case_id = specimen.case_id if self.chance.random() < 0.8 else self._case()
            code = self._code() if self.chance.random() < 0.2 else ""
            serials = [self.chance.choice(["", "A", "B", "C", "1", "2"]) for _ in range(self.chance.randint(1, 3))]
            rows = tuple(technique.BlockEntry(serial=serial, specimen_id=specimen.id) for serial in serials)
            self._ask(technique.AddBlocks(case_id=case_id, rows=rows, specimen_code=code))

    def _edit_block(self) -> None:
        for block in self._some(BlockRow):
            entry = technique.BlockEntry(serial=self.chance.choice("ABCDE12"), pieces=self.chance.randint(0, 3))
            self._ask(technique.EditBlock(block_id=block.id, version=block.version, entry=entry))

    def _delete_blocks(self) -> None:
        self._ask(technique.DeleteBlocks(block_ids=self._ids(BlockRow, 2)))

    def _verify(self) -> None:
        checks = tuple(
            technique.PieceCheck(
                block_id=row.id,
                pieces=self.chance.choice([None, row.pieces, row.pieces + 1]),
                code=self._code() if self.chance.random() < 0.2 else "",
            )
            for row in self._some(BlockRow, 4, state="to_verify")
        )
        self._ask(technique.VerifyBlocks(checks=checks), _VERIFIER)

    def _embed(self) -> None:
        self._ask(technique.EmbedBlocks(block_ids=self._ids(BlockRow, state="to_embed")))

    def _undo(self) -> None:
        for block in self._some(BlockRow):
            self._ask(technique.UndoBlock(block_id=block.id, version=block.version))

    def _section(self) -> None:
        plans = tuple(
            preparation.SectionPlan(block_id=row.id, sections=self.chance.randint(0, 3))
            for row in self._some(BlockRow, 4, state="to_section")
        )
        self._ask(preparation.SectionBlocks(plans=plans))

    def _by_hand(self) -> None:
        today = self.world.time.today()
        block = self.chance.choice([*self._ids(BlockRow, 1), None])
        case = self._case()
        for row in self._some(BlockRow) if self.chance.random() < 0.7 else []:
            block, case = row.id, row.case_id
        self._ask(
            preparation.AddManualSlides(case_id=case, block_id=block, count=2, section_day=today, preparation_day=today)
        )

    def _smear(self) -> None:
        self._ask(preparation.MakeSmears(case_id=self._case(), count=self.chance.randint(1, 3)))

    def _order(self) -> None:
        for block in self._some(BlockRow):
            case_id = block.case_id if self.chance.random() < 0.8 else self._case()
            making = Making(case_id=case_id, block_id=block.id, count=2, source=TaskSource.IMMUNO, order_id=1)
            with self.world.database.write() as uow:
                self.world.technique.make_slides(uow, BOSS, making)

    def _delete_slides(self) -> None:
        self._ask(preparation.DeleteSlides(slide_ids=self._ids(SlideRow, 2)))

    def _labels(self) -> None:
        slides = self._some(SlideRow, 3)
        codes = tuple(self._code() for _ in range(2)) if self.chance.random() < 0.3 else ()
        with self.world.database.read() as uow:
            own = [uow.session.get_one(BlockRow, row.block_id) for row in slides if row.block_id]
        codes += tuple(make_code(ObjectKind.BLOCK, block.label) for block in own if self.chance.random() < 0.8)
        self._ask(preparation.ReleaseLabels(slide_ids=tuple(row.id for row in slides) or (1,), block_codes=codes))

    def _check(self) -> None:
        for row in self._some(SlideRow, 1, state="labelled"):
            code = make_code(ObjectKind.SLIDE, row.number)
            pair = self._code() if self.chance.random() < 0.3 else ""
            self._ask(preparation.CheckSlide(slide_code=code, block_code=pair))

    def _hand_over(self) -> None:
        self._ask(preparation.HandSlidesOver(slide_ids=self._ids(SlideRow), receiver="诊断室"))

    def _tissue(self) -> None:
        self._ask(technique.HandTissueOver(specimen_ids=self._ids(SpecimenRow), receiver="技术室"))

    def _store(self) -> None:
        for row in self._some(SpecimenRow):
            self._ask(technique.StoreRemainder(specimen_id=row.id, version=row.version, handling="固定", place="柜1"))

    def _scan(self) -> None:
        block_id = self._ids(BlockRow, 1)[0] if self.chance.random() < 0.5 else 0
        expected = trail.Expected(block_id=block_id)
        self._ask(trail.Scan(code=self._code(), station=self.chance.choice(list(Station)), expected=expected))

    def _move(self) -> None:
        kind = self.chance.choice(list(_MODELS))
        self._ask(trail.MoveObjects(kind=kind, object_ids=self._ids(_MODELS[kind]), place="架2"))

    def _keep(self) -> None:
        with self.world.database.write() as uow:
            if self.chance.random() < 0.5:
                action = self.chance.choice([BlockAction.ARCHIVE, BlockAction.LEND, BlockAction.GIVE_BACK])
                self.world.technique.step_block(uow, BOSS, self._ids(BlockRow, 1)[0], action)
            else:
                kept = self.chance.choice([SlideAction.ARCHIVE, SlideAction.LEND, SlideAction.GIVE_BACK])
                self.world.technique.step_slide(uow, BOSS, self._ids(SlideRow, 1)[0], kept)

    def _transfer(self) -> None:
        if self.chance.random() < 0.5:
            return
        for row in self._some(CaseRow):
            library = self.chance.choice(list(self.world.libraries.values()))
            self._ask(contract.TransferCase(case_id=row.id, version=row.version, library_id=library))

    def _delete_case(self) -> None:
        if self.chance.random() < 0.7:
            return
        for row in self._some(CaseRow):
            challenge = self._ask(contract.BeginDeletion(case_id=row.id))
            self._ask(contract.DeleteCase(case_id=row.id, version=row.version, password=challenge.password))

    def _step_case(self) -> None:
        if self.chance.random() < 0.5:
            return
        action = self.chance.choice([CaseAction.SAVE_CHIEF, CaseAction.AUDIT, CaseAction.SEND, CaseAction.REOPEN])
        with self.world.database.write() as uow:
            self.world.cases.step(uow, BOSS, self._case(), action)


class Ledger:
    """Remembers every object that was ever seen, with its parents: none may vanish or get others."""

    def __init__(self) -> None:
        self._parents: dict[tuple[ObjectKind, int], tuple[Any, ...]] = {}
        self._numbers: dict[tuple[ObjectKind, int], str] = {}

    def check(self, database: Database) -> None:
        """Compare the database with everything that was seen before. Raises AssertionError."""
        with database.read() as uow:
            cases = {row.id: row for row in uow.session.scalars(select(CaseRow))}
            pieces: dict[ObjectKind, dict[int, Any]] = {
                kind: {row.id: row for row in uow.session.scalars(select(model))} for kind, model in _MODELS.items()
            }
            numbers = list(uow.session.scalars(select(NumberRow)))
            events = list(uow.session.scalars(select(EventRow).order_by(EventRow.id)))
        self._check_parents(cases, pieces)
        self._check_numbers(cases, pieces, numbers)
        _check_history(cases, pieces, events)

    def _check_parents(self, cases: dict[int, Any], pieces: dict[ObjectKind, dict[int, Any]]) -> None:
        present: dict[tuple[ObjectKind, int], tuple[Any, ...]] = {}
        for row in pieces[ObjectKind.SPECIMEN].values():
            assert row.case_id in cases
            present[ObjectKind.SPECIMEN, row.id] = (row.case_id,)
        for row in pieces[ObjectKind.BLOCK].values():
            assert pieces[ObjectKind.SPECIMEN][row.specimen_id].case_id == row.case_id
            present[ObjectKind.BLOCK, row.id] = (row.case_id, row.specimen_id)
        for row in pieces[ObjectKind.SLIDE].values():
            assert row.case_id in cases
            if row.block_id is not None:
                block = pieces[ObjectKind.BLOCK][row.block_id]
                assert (block.case_id, block.specimen_id) == (row.case_id, row.specimen_id)
                assert row.number.startswith(f"{block.label}-")
            elif row.specimen_id is not None:
                assert pieces[ObjectKind.SPECIMEN][row.specimen_id].case_id == row.case_id
            present[ObjectKind.SLIDE, row.id] = (row.case_id, row.specimen_id, row.block_id, row.number)
        for key, parents in self._parents.items():
            assert present.get(key) == parents, f"{key} had {parents}, has {present.get(key)}"
        self._parents = present

    def _check_numbers(
        self, cases: dict[int, Any], pieces: dict[ObjectKind, dict[int, Any]], numbers: list[Any]
    ) -> None:
        current = {row.number: row.case_id for row in numbers if row.use == "current"}
        assert current == {case.number: case.id for case in cases.values() if case.number}
        labels = [row.label for row in pieces[ObjectKind.BLOCK].values() if row.state != "deleted"]
        assert len(labels) == len(set(labels))
        for kind in (ObjectKind.SPECIMEN, ObjectKind.SLIDE):
            every = [row.number for row in pieces[kind].values()]
            assert len(every) == len(set(every))
        for row in pieces[ObjectKind.BLOCK].values():
            if not row.number:
                continue
            assert row.number == row.label
            if row.state not in ("to_section",):
                assert self._numbers.setdefault((ObjectKind.BLOCK, row.id), row.number) == row.number


def _check_history(cases: dict[int, Any], pieces: dict[ObjectKind, dict[int, Any]], events: list[Any]) -> None:
    """The events of every piece, folded, give the state in which it is."""
    states: dict[tuple[str, int], str] = {}
    for event in events:
        if not event.after:
            continue
        key = (event.kind, event.object_id)
        first = "" if event.kind == "case" else _FIRST_STATES[ObjectKind(event.kind)]
        assert event.before == states.get(key, first), (key, event.action)
        states[key] = event.after
    for kind, rows in pieces.items():
        for row in rows.values():
            assert states.get((kind.value, row.id), _FIRST_STATES[kind]) == row.state, (kind, row.id)
    for row in cases.values():
        assert states[ObjectKind.CASE.value, row.id] == row.state, row.id
