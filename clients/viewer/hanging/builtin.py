"""The protocols that come with the software; names are Chinese source texts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from shared.contract.hanging import Cell, Condition, Definition, ImageSet, Protocol, Step
from shared.dicomkit.uids import derived_uid

OF_PRIOR = "既往 {name}"
"""Name of the image set of a prior."""
NO_PICTURE = ("localizer", "dose", "capture", "mip")


def condition(attribute: str, *values: str, relation: str = "is") -> Condition:
    return Condition(attribute=attribute, values=values, relation=relation)


def _set(name: str, modality: str, *conditions: Condition, wishes: Sequence[Condition] = (), age: int = 0) -> ImageSet:
    whole = (condition("modality", *modality.split()), condition("kind", *NO_PICTURE, relation="not"), *conditions)
    return ImageSet(name=name, conditions=whole, wishes=tuple(wishes), age=age)


def _step(name: str, columns: int, rows: int, cells: Sequence[Cell]) -> Step:
    return Step(name=name, columns=columns, rows=rows, cells=tuple(cells))


def _protocol(
    number: int,
    name: str,
    definition: Definition,
    sets: Sequence[ImageSet],
    steps: Sequence[Step],
    *,
    priors: int = 0,
    least: int = 1,
    needs: Sequence[int] = (),
) -> Protocol:
    return Protocol(
        uid=derived_uid("hanging", str(number)),
        name=name,
        definitions=(definition,),
        sets=tuple(sets),
        steps=tuple(steps),
        level="maker",
        creator="Mingjing",
        priors=priors,
        least=least,
        needs=tuple(needs),
    )


def _linked(*cells: tuple[int, str]) -> list[Cell]:
    """Cells that page together: image set and window of each."""
    return [Cell(image_set=n, window=window, link=1) for n, window in cells]


def _ct() -> list[Protocol]:
    thin = condition("thickness", "3", relation="most")
    lung = _set("肺窗", "CT", wishes=(condition("kernel", "lung"), condition("body_part", "chest"), thin))
    soft = _set("纵隔窗", "CT", wishes=(condition("kernel", "soft"), condition("body_part", "chest")))
    old_lung = _set("既往肺窗", "CT", wishes=lung.wishes, age=1)
    old_soft = _set("既往纵隔窗", "CT", wishes=soft.wishes, age=1)
    brain = _set("脑窗", "CT", wishes=(condition("kernel", "soft"), condition("plane", "axial")))
    bone = _set("骨窗", "CT", wishes=(condition("kernel", "bone", "lung"), condition("plane", "axial")))
    phases = [
        _set(name, "CT", condition("contrast", phase))
        for name, phase in (("平扫", "plain"), ("动脉期", "arterial"), ("门脉期", "portal"), ("延迟期", "delayed"))
    ]
    current, prior = _set("本次", "CT"), _set("既往", "CT", age=1)
    chest = Definition(modalities=("CT",), body_parts=("chest",))
    return [
        _protocol(1, "胸部 CT", chest, [lung, soft], [
            _step("肺窗｜纵隔窗", 2, 1, _linked((0, "lung"), (1, "mediastinum"))),
            _step("骨窗", 1, 1, [Cell(image_set=1, window="bone")]),
        ]),
        _protocol(2, "胸部 CT 与既往对比", chest, [lung, old_lung, soft, old_soft], [
            _step("肺窗：本次｜既往", 2, 1, _linked((0, "lung"), (1, "lung"))),
            _step("纵隔窗：本次｜既往", 2, 1, _linked((2, "mediastinum"), (3, "mediastinum"))),
        ], priors=1, needs=(0, 1)),
        _protocol(3, "头部 CT", Definition(modalities=("CT",), body_parts=("head",)), [brain, bone], [
            _step("脑窗｜骨窗", 2, 1, _linked((0, "head"), (1, "bone"))),
        ]),
        _protocol(4, "腹部 CT 多期", Definition(modalities=("CT",), body_parts=("abdomen",)), phases, [
            _step("平扫与增强各期", 2, 2, _linked(*((n, "mediastinum") for n in range(4)))),
        ], least=2),
        _protocol(5, "CT 与既往对比", Definition(modalities=("CT",)), [current, prior], [
            _step("本次｜既往", 2, 1, _linked((0, ""), (1, ""))),
        ], priors=1, least=2),
    ]  # fmt: skip


def _mr_set(name: str, sequence: str, plane: str = "", contrast: str = "", age: int = 0) -> ImageSet:
    conditions = [condition("sequence", *sequence.split())] if sequence else []
    conditions += [condition("plane", plane)] if plane else []
    conditions += [condition("contrast", contrast)] if contrast else []
    return _set(name, "MR", *conditions, age=age)


def _mr() -> list[Protocol]:
    head = Definition(modalities=("MR",), body_parts=("head",))
    brain = [
        _mr_set("T2 横断", "t2", "axial"), _mr_set("FLAIR", "flair"), _mr_set("DWI", "dwi"),
        _mr_set("T1 横断", "t1", "axial", "plain"), _mr_set("T1 增强", "t1", "axial", "contrast"),
        _mr_set("矢状位", "t1 t2", "sagittal"),
    ]  # fmt: skip
    spine = [
        _mr_set("T2 矢状", "t2 stir", "sagittal"), _mr_set("T1 矢状", "t1", "sagittal"),
        _mr_set("T2 横断", "t2", "axial"),
    ]  # fmt: skip
    knee = [
        _mr_set("矢状 PD/T2", "pd t2 fatsat", "sagittal"), _mr_set("冠状 PD/T2", "pd t2 fatsat", "coronal"),
        _mr_set("横断 PD/T2", "pd t2 fatsat", "axial"), _mr_set("T1", "t1"),
    ]  # fmt: skip
    planes = [_mr_set(name, "", plane) for name, plane in _PLANES]
    pairs = [
        _mr_set("FLAIR", "flair"), _mr_set(OF_PRIOR.format(name="FLAIR"), "flair", age=1),
        _mr_set("T1 增强", "t1", "axial", "contrast"), _mr_set("既往 T1 增强", "t1", "axial", "contrast", 1),
    ]  # fmt: skip
    joints = ("knee", "shoulder", "hip", "ankle", "hand", "elbow")
    return [
        _protocol(20, "颅脑 MR", head, brain, [
            _step("六序列", 3, 2, _linked(*((n, "") for n in range(6)))),
            _step("平扫｜增强", 2, 1, _linked((3, ""), (4, ""))),
        ], least=3),
        _protocol(21, "颅脑 MR 与既往对比", head, pairs, [
            _step("本次｜既往", 2, 2, _linked(*((n, "") for n in range(4)))),
        ], priors=1, least=2),
        _protocol(22, "脊柱 MR", Definition(modalities=("MR",), body_parts=("spine", "cspine", "tspine", "lspine")),
                  spine, [
            _step("矢状与横断", 3, 1, [Cell(image_set=n, link=1 if n < 2 else 0) for n in range(3)]),
        ], least=2),
        _protocol(23, "膝关节 MR", Definition(modalities=("MR",), body_parts=joints), knee, [
            _step("三方向", 2, 2, [Cell(image_set=n) for n in range(4)]),
        ], least=2),
        _protocol(24, "MR 三方向", Definition(modalities=("MR",)), planes, [
            _step("矢状、冠状、横断", 3, 1, [Cell(image_set=n) for n in range(3)]),
        ], least=3),
    ]  # fmt: skip


_PLANES = (("矢状位", "sagittal"), ("冠状位", "coronal"), ("横断位", "axial"))


def _x_ray() -> list[Protocol]:
    both = "DX CR"
    chest = Definition(modalities=("DX", "CR"), body_parts=("chest",))
    front, side = condition("view", "PA", "AP"), condition("view", "LAT")
    sets = [
        _set("正位", both, front, wishes=(condition("view", "PA"),)), _set("侧位", both, side),
        _set("既往正位", both, front, wishes=(condition("view", "PA"),), age=1), _set("既往侧位", both, side, age=1),
    ]  # fmt: skip
    any_image = _set("图像", both)
    return [
        _protocol(40, "胸片正侧位", chest, sets[:2], [
            _step("正位｜侧位", 2, 1, [Cell(image_set=0), Cell(image_set=1)]),
        ], needs=(0, 1)),
        _protocol(41, "胸片正位", chest, sets[:1], [_step("正位", 1, 1, [Cell(image_set=0)])]),
        _protocol(42, "胸片与既往对比", chest, sets, [
            _step("正位：本次｜既往", 2, 1, [Cell(image_set=0), Cell(image_set=2)]),
            _step("侧位：本次｜既往", 2, 1, [Cell(image_set=1), Cell(image_set=3)]),
        ], priors=1, needs=(0, 2)),
        _protocol(43, "平片正侧位", Definition(modalities=("DX", "CR")), sets[:2], [
            _step("正位｜侧位", 2, 1, [Cell(image_set=0), Cell(image_set=1)]),
            _step("逐幅", 2, 2, _grid(0, 4)),
        ], least=2),
        _protocol(44, "平片多幅", Definition(modalities=("DX", "CR")), [any_image], [
            _step("二幅", 2, 1, _grid(0, 2)),
        ], least=2),
    ]  # fmt: skip


def _grid(image_set: int, count: int) -> list[Cell]:
    return [Cell(image_set=image_set, rank=n, sort="number") for n in range(count)]


def _mammo_set(side: str, view: str, age: int = 0, *, displaced: bool = False, kind: str = "") -> ImageSet:
    name = f"{side}{view}{'ID' if displaced else ''}"
    name = f"{name} DBT" if kind == "tomo" else name
    kinds = condition("kind", kind) if kind else condition("kind", "tomo", relation="not")
    return _set(
        OF_PRIOR.format(name=name) if age else name, "MG", condition("side", side), condition("view", view), kinds,
        condition("displaced", "yes" if displaced else "no"), condition("spot", "no"),
        wishes=(condition("kind", "original"),), age=age,
    )  # fmt: skip


def _mammo_cell(n: int, side: str) -> Cell:
    """Chest wall to the middle of the pair: the right breast stands left and lies at the right edge of its place."""
    justify = "right" if side == "R" else "left"
    return Cell(image_set=n, orientation=("auto", "auto"), justify=justify, zoom="same", sort="number")


_FOUR = (("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO"))


def _mammo() -> list[Protocol]:
    woman = Definition(modalities=("MG",))
    now = [_mammo_set(side, view) for side, view in _FOUR]
    before = [_mammo_set(side, view, 1) for side, view in _FOUR]
    displaced = [_mammo_set(side, view, displaced=True) for side, view in _FOUR]
    tomo = [_mammo_set(side, view, kind="tomo") for side, view in _FOUR]
    spots = _set("点压与放大", "MG", condition("spot", "yes"))
    further = _set("补充体位", "MG", condition("view", "CC", "MLO", relation="not"), condition("spot", "no"))
    cells = [_mammo_cell(n, side) for n, (side, _) in enumerate(_FOUR * 4)]
    single = [
        _step("四幅", 2, 2, cells[:4]),
        _step("CC：右｜左", 2, 1, cells[:2]),
        _step("MLO：右｜左", 2, 1, cells[2:4]),
        _step("假体推移", 2, 2, cells[4:8]),
        _step("断层 CC", 2, 1, cells[8:10]),
        _step("断层 MLO", 2, 1, cells[10:12]),
        _step("补充体位", 2, 1, [Cell(image_set=12, rank=n, sort="number") for n in range(2)]),
        _step("点压与放大", 2, 1, [Cell(image_set=13, rank=n, sort="number") for n in range(2)]),
    ]
    paired = [
        _step("四幅，下方为既往", 4, 2, cells[:8]),
        _step("CC：本次在上，既往在下", 2, 2, [*cells[:2], *cells[4:6]]),
        _step("MLO：本次在上，既往在下", 2, 2, [*cells[2:4], *cells[6:8]]),
        _step("CC：右｜左", 2, 1, cells[:2]),
        _step("MLO：右｜左", 2, 1, cells[2:4]),
    ]
    return [
        _protocol(60, "乳腺钼靶", woman, [*now, *displaced, *tomo, further, spots], single),
        _protocol(61, "乳腺钼靶与既往对比", woman, [*now, *before], paired, priors=1, least=2),
    ]


def _moving() -> list[Protocol]:
    sound, runs = _set("超声", "US"), _set("造影", "XA RF", condition("cine", "yes"))
    grids = []
    for n, (columns, rows, name) in enumerate(((2, 1, "二幅"), (2, 2, "四幅"), (3, 2, "六幅"), (3, 3, "九幅"))):
        count = columns * rows
        step = [_step(name, columns, rows, _grid(0, count))]
        least = count if count == 2 else count - columns + 1
        grids.append(_protocol(80 + n, f"超声{name}", Definition(modalities=("US",)), [sound], step, least=least))
        if count <= 4:
            xa = Definition(modalities=("XA", "RF"))
            grids.append(_protocol(90 + n, f"造影{name}", xa, [runs], step, least=least))
    return grids


@cache
def protocols() -> tuple[Protocol, ...]:
    """All of them; made once."""
    return (*_ct(), *_mr(), *_x_ray(), *_mammo(), *_moving())
