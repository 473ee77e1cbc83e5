"""The design: moving, snapping, resizing, alignment, and undo that always leads back."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from clients.designer.design import Design, Guide, image_element, new_element, place_at
from shared.paper.builtin import builtin
from shared.paper.checking import check
from shared.paper.facts import sample
from shared.paper.kinds import DocumentKind
from shared.paper.layout import lay_out
from shared.paper.template import BoxElement, LineElement, Page, Template, TextElement

KIND = DocumentKind.BARCODE


def boxes(*places: tuple[float, float, float, float]) -> Design:
    elements = tuple(BoxElement(x_mm=x, y_mm=y, width_mm=w, height_mm=h) for x, y, w, h in places)
    return Design(Template(kind="barcode", page=Page(width_mm=100, height_mm=60), elements=elements))


def places(design: Design) -> dict[int, tuple[float, float, float, float]]:
    return lay_out(design.template, sample(KIND)).places


def at(design: Design) -> list[tuple[float, float]]:
    return [(round(one.x_mm, 2), round(one.y_mm, 2)) for one in design.template.elements]


def test_a_drag_is_one_step_of_undo() -> None:
    design = boxes((10, 10, 5, 5))
    design.select(0)
    design.begin()
    for _ in range(5):
        design.move(1, 2)
    design.end()
    assert at(design) == [(15, 20)]
    assert design.is_changed
    design.undo()
    assert at(design) == [(10, 10)]
    assert not design.may_undo
    assert not design.is_changed
    design.redo()
    assert at(design) == [(15, 20)]


def test_a_cancelled_drag_never_was() -> None:
    design = boxes((10, 10, 5, 5))
    design.select(0)
    design.begin()
    design.move(9, 9)
    design.cancel()
    assert at(design) == [(10, 10)]
    assert not design.may_undo


def test_edges_and_middles_meet_others_and_the_page_else_the_grid() -> None:
    design = boxes((10, 10, 20, 10), (40, 33, 10, 10))
    design.select(1)
    dx, dy, guides = design.snap(-10.4, 0.1, places(design))  # its left edge near the other's right one
    assert 40 + dx == pytest.approx(30)
    assert Guide(True, 30.0) in guides
    dx, _dy, guides = design.snap(4.7, 0, places(design))  # its middle near the page's
    assert 45 + dx == pytest.approx(50)
    assert Guide(True, 50.0) in guides
    dx, dy, guides = design.snap(7.3, 5.2, places(design))
    assert (dx, dy, guides) == (pytest.approx(7.5), pytest.approx(5.0), [])


def test_what_stands_below_a_moved_element_moves_once() -> None:
    template = Template(
        kind="barcode",
        page=Page(width_mm=100, height_mm=60),
        elements=(
            TextElement(id="a", x_mm=5, y_mm=5, width_mm=20, height_mm=5, text="A"),
            BoxElement(below="a", x_mm=5, y_mm=2, width_mm=20, height_mm=5),
        ),
    )
    design = Design(template)
    design.select_all()
    before = places(design)
    design.move(3, 4)
    after = places(design)
    for index in (0, 1):
        assert [b - a for a, b in zip(before[index], after[index], strict=True)] == pytest.approx([3, 4, 3, 4])
    design.select(0)
    design.remove()
    assert design.template.elements[0].below == ""
    assert check(design.template, KIND) == []


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("left", [(10, 10), (10, 30)]), ("right", [(30, 10), (40, 30)]), ("top", [(10, 10), (40, 10)]),
        ("bottom", [(10, 25), (40, 30)]), ("centre", [(20, 10), (25, 30)]), ("middle", [(10, 17.5), (40, 20)]),
    ],
)  # fmt: skip
def test_alignment_with_each_other(how: str, expected: list[tuple[float, float]]) -> None:
    design = boxes((10, 10, 20, 15), (40, 30, 10, 10))
    design.select_all()
    design.align(how, places(design))
    assert at(design) == expected
    design.undo()
    assert at(design) == [(10, 10), (40, 30)]


def test_one_element_aligns_with_the_page() -> None:
    design = boxes((10, 10, 20, 10))
    design.select(0)
    design.align("centre", places(design))
    design.align("bottom", places(design))
    assert at(design) == [(40, 50)]


def test_equal_gaps() -> None:
    design = boxes((0, 0, 10, 5), (12, 0, 20, 5), (60, 0, 10, 5))
    design.select_all()
    design.distribute(True, places(design))
    assert [x for x, _ in at(design)] == [0, 25, 60]


def test_resizing_keeps_a_least_size_and_square_codes_square() -> None:
    design = boxes((0, 0, 10, 5))
    design.select(0)
    design.resize(-50, 3)
    box = design.template.elements[0]
    assert isinstance(box, BoxElement)
    assert (box.width_mm, box.height_mm) == (1, 8)
    design.add(new_element("qr", KIND))
    design.resize(4, 1)
    code = design.template.elements[1]
    assert getattr(code, "width_mm", 0) == 16
    design.add(LineElement(x_mm=0, y_mm=0, x2_mm=10))
    design.resize(5, 2)
    line = design.template.elements[2]
    assert isinstance(line, LineElement)
    assert (line.x2_mm, line.drop_mm) == (15, 2)


@pytest.mark.parametrize("kind", ["text", "fields", "line", "box", "qr", "datamatrix", "code", "repeat"])
@pytest.mark.parametrize("document", DocumentKind)
def test_every_new_element_is_right_for_every_document(kind: str, document: DocumentKind) -> None:
    template = builtin(document)
    added = msgspec.structs.replace(template, elements=(*template.elements, new_element(kind, document)))
    assert check(added, document) == []
    lay_out(added, sample(document))


def test_pictures_get_names_of_their_own() -> None:
    design = boxes()
    assert design.add_image("logo", "AAAA") == "logo"
    assert design.add_image("logo", "BBBB") == "logo2"
    assert design.add_image("logo", "AAAA") == "logo"
    design.add(image_element("logo"))
    assert design.template.images == {"logo": "AAAA", "logo2": "BBBB"}


def test_the_small_element_over_a_large_one_is_hit() -> None:
    design = boxes((0, 0, 50, 50), (10, 10, 5, 5))
    assert place_at(places(design), 12, 12, 0.5) == 1
    assert place_at(places(design), 40, 40, 0.5) == 0
    assert place_at(places(design), 90, 55, 0.5) is None


def test_the_order_of_drawing_and_copies() -> None:
    design = boxes((0, 0, 1, 1), (2, 0, 1, 1))
    design.select(0)
    design.reorder(True)
    assert at(design) == [(2, 0), (0, 0)]
    design.reorder(True)
    assert design.selected == (1,)
    design.duplicate()
    assert at(design) == [(2, 0), (0, 0), (2, 2)]
    assert design.selected == (2,)
    design.undo()
    assert len(design.template.elements) == 2


class AnyHands(RuleBasedStateMachine):
    """Whatever is done, undo leads back to the beginning and redo to the end."""

    def __init__(self) -> None:
        super().__init__()
        self.design = Design(builtin(KIND))
        self.start = self.design.template

    @rule(indexes=st.sets(st.integers(0, 12), max_size=4))
    def select(self, indexes: set[int]) -> None:
        self.design.select(*indexes)

    @rule(dx=st.floats(-20, 20), dy=st.floats(-20, 20))
    def move(self, dx: float, dy: float) -> None:
        self.design.move(dx, dy)

    @rule(dx=st.floats(-20, 20), dy=st.floats(-20, 20))
    def resize(self, dx: float, dy: float) -> None:
        self.design.resize(dx, dy)

    @rule(kind=st.sampled_from(["text", "qr", "line", "box"]))
    def add(self, kind: str) -> None:
        self.design.add(new_element(kind, KIND))

    @rule()
    def remove(self) -> None:
        self.design.remove()

    @rule()
    def duplicate(self) -> None:
        self.design.duplicate()

    @rule(how=st.sampled_from(["left", "middle", "bottom"]))
    def align(self, how: str) -> None:
        self.design.align(how, lay_out(self.design.template, sample(KIND)).places)

    @precondition(lambda self: self.design.may_undo)
    @rule()
    def undo(self) -> None:
        self.design.undo()

    @precondition(lambda self: self.design.may_redo)
    @rule()
    def redo(self) -> None:
        self.design.redo()

    @invariant()
    def the_selection_exists(self) -> None:
        assert all(0 <= index < len(self.design.template.elements) for index in self.design.selected)

    def teardown(self) -> None:
        last = self.design.template
        steps = 0
        while self.design.may_undo:
            self.design.undo()
            steps += 1
        if steps < 200:
            assert self.design.template == self.start
        while self.design.may_redo and steps:
            self.design.redo()
            steps -= 1
        if not self.design.may_redo:
            assert self.design.template == last or not self.design.may_redo


AnyHands.TestCase.settings = settings(max_examples=20, stateful_step_count=15, deadline=None)
TestAnyHands = AnyHands.TestCase
