"""Ten thousand random templates print and read back equal; random rubbish is always answered with a place."""

from __future__ import annotations

import random

from shared.domain.pathology_templates import (
    Answer,
    Element,
    FillRefused,
    Line,
    LineAnswers,
    Multi,
    Numeric,
    PlainParen,
    Single,
    Slot,
    Template,
    Text,
    fill,
    parse,
    print_template,
    read,
    reason_of,
)

CHARACTERS = "腺体见癌细胞，。、 　aZ09.-+×x*~/\t()[]{};（）［］｛｝；\\「é𠮷"
RUBBISH = "[](){}［］（）｛｝；;\\ 　1.-+cm癌\n\r\u2028"


def words(chance: random.Random, least: int = 1) -> str:
    return "".join(chance.choices(CHARACTERS, k=chance.randint(least, 6)))


def number(chance: random.Random) -> str:
    one = chance.choice(["", "-", "+"]) + str(chance.randint(0, 99)) + chance.choice(["", ".5", ".00"])
    return one + (f"-{chance.randint(0, 9)}" if chance.random() < 0.2 else "")


def numeric(chance: random.Random) -> Numeric:
    parts: list[str | Slot] = []
    for _ in range(chance.randint(1, 3)):
        parts += [words(chance)] * chance.randint(0, 1)
        parts.append(Slot(number(chance) if chance.random() < 0.4 else ""))
    return Numeric(tuple(parts + [words(chance)] * chance.randint(0, 1)))


def element(chance: random.Random) -> Element:
    kind = chance.randrange(5)
    if kind == 0:
        return Multi(tuple(words(chance) for _ in range(chance.randint(1, 4))))
    if kind == 1:
        return Single(tuple(words(chance) for _ in range(chance.randint(2, 4))))
    if kind == 2:
        return numeric(chance)
    if kind == 3:
        return PlainParen(chance.choice("(（"), words(chance, 0), chance.choice(")）"))
    return Text(words(chance))


def line(chance: random.Random) -> Line:
    made: list[Element] = []
    for _ in range(chance.randint(0, 6)):
        one = element(chance)
        if not (isinstance(one, Text) and made and isinstance(made[-1], Text)):  # neighbours would be one text
            made.append(one)
    return Line(tuple(made))


def template(chance: random.Random) -> Template:
    return Template(tuple(line(chance) for _ in range(chance.randint(1, 4))))


def answers(chance: random.Random, of: Template) -> list[LineAnswers]:
    def answer() -> Answer:
        if chance.random() < 0.5:
            return Answer(options=tuple(chance.choices(range(5), k=chance.randint(0, 2))))
        return Answer(values=tuple(chance.choice([None, "", number(chance), "x"]) for _ in range(chance.randint(0, 3))))

    return [LineAnswers(True, tuple(answer() for _ in range(chance.randint(0, 5)))) for _ in of.lines]


def test_ten_thousand_random_templates_print_and_read_back_equal() -> None:
    chance = random.Random(20261122)
    for _ in range(10_000):
        tree = template(chance)
        printed = print_template(tree)
        assert parse(printed) == tree, printed
        assert print_template(parse(printed)) == printed


def test_random_rubbish_is_answered_with_line_column_and_reason() -> None:
    chance = random.Random(7)
    refused = 0
    for _ in range(10_000):
        text = "".join(chance.choices(RUBBISH, k=chance.randint(0, 40)))
        reading = read(text)
        refused += not reading.usable
        assert reading.usable == (not reading.errors)
        for issue in reading.issues:
            assert issue.line >= 1 and issue.column >= 1 and reason_of(issue.code)
        if reading.template is not None:
            assert parse(print_template(reading.template)) == reading.template
    assert refused > 5000


def test_any_answers_give_a_text_or_named_problems() -> None:
    chance = random.Random(3)
    for _ in range(1500):
        tree = parse(print_template(template(chance)))
        try:
            fill(tree, answers(chance, tree))
        except FillRefused as refused:
            assert all(problem.line >= 1 and problem.column >= 1 for problem in refused.problems)


def test_numbers_of_a_chain_never_run_together() -> None:
    chance = random.Random(5)
    for _ in range(1500):
        count = chance.randint(2, 6)
        marks = chance.choices("×x*~/", k=count - 1)
        values = [str(chance.randint(1, 9)) if chance.random() < 0.6 else None for _ in range(count)]
        text = "{（ ）}" + "".join(mark + "{（ ）}" for mark in marks)
        given = LineAnswers(True, tuple(Answer(values=(value,)) for value in values))
        filled = fill(parse(text), [given])
        kept = [value for value in values if value]
        assert [one for one in filled.text if one.isdigit()] == kept
        assert len(filled.text) == max(0, 2 * len(kept) - 1)
        assert bool(filled.warnings) == (0 < len(kept) < count)
