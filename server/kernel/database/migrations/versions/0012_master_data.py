"""master data"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

import server.kernel.database.base

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_PATIENT_TYPES = (
    ("emergency", "急诊", "Emergency", "red"),
    ("vip", "贵宾", "VIP", "orange"),
    ("ordinary", "普通", "Ordinary", "grey"),
)
_ROLES = (
    ("clerk", "登记员", "Clerk"),
    ("technician", "技师", "Technician"),
    ("display", "叫号大屏", "Hall display"),
    ("doctor", "报告医生", "Reporting doctor"),
    ("auditor", "审核医生", "Auditing doctor"),
    ("trustee", "数据受托人", "Data trustee"),
    ("archivist", "影像管理员", "Image archivist"),
    ("hospital_system", "医院信息系统", "Hospital system"),
    ("administrator", "管理员", "Administrator"),
)


def _kept(
    *, position: bool = True, pinyin: bool = True, version: bool = True, active: bool = True
) -> list[sa.Column[Any]]:
    columns: list[sa.Column[Any]] = []
    if version:
        columns.append(sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    if position:
        columns.append(sa.Column("position", sa.Integer(), server_default="0", nullable=False))
    if active:
        columns.append(sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False))
    if pinyin:
        columns.append(sa.Column("pinyin", sa.String(length=50), server_default="", nullable=False))
    return columns


def _text(name: str, length: int) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length=length), nullable=False)


def _added_text(name: str, length: int) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length=length), server_default="", nullable=False)


def _new_table(name: str, *columns: sa.Column[Any], code: int = 20, ties: tuple[sa.Constraint, ...] = ()) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        _text("code", code),
        *columns,
        *_kept(),
        *ties,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("code", name=op.f(f"uq_{name}_code")),
    )


def upgrade() -> None:
    _new_table(
        "departments",
        sa.Column("campus_id", sa.Integer(), nullable=False),
        _text("name", 100),
        _text("name_en", 100),
        sa.Column("performs", sa.Boolean(), nullable=False),
        ties=(sa.ForeignKeyConstraint(["campus_id"], ["campuses.id"], name=op.f("fk_departments_campus_id_campuses")),),
    )
    op.create_index(op.f("ix_departments_campus_id"), "departments", ["campus_id"])
    _new_table("body_parts", _text("name", 50), _text("name_en", 100), _text("dicom", 16))
    _new_table(
        "patient_types", _text("name", 50), _text("name_en", 100), _text("priority", 16), _text("colour", 16), code=16
    )
    _new_table("words", _text("dictionary", 24), _text("text", 200), _text("text_en", 200))
    op.create_index(op.f("ix_words_dictionary"), "words", ["dictionary"])
    _new_table(
        "roles",
        _text("name", 50),
        _text("name_en", 100),
        sa.Column("permissions", sa.JSON(none_as_null=True), nullable=True),
    )
    op.create_table(
        "master_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", server.kernel.database.base.UtcDateTime(), nullable=False),
        _text("user_name", 64),
        _text("kind", 24),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        _text("action", 16),
        sa.Column("before", sa.LargeBinary(), nullable=False),
        sa.Column("after", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_master_changes")),
    )
    op.create_index("ix_master_changes_subject", "master_changes", ["kind", "subject_id"])
    _widen()
    _fill()


def _widen() -> None:
    for table in ("campuses", "rooms", "devices"):
        for column in _kept():
            op.add_column(table, column)
    for column in _kept(position=False):
        op.add_column("exam_types", column)
    for column in _kept(pinyin=False):
        op.add_column("exam_items", column)
    for column in _kept(version=False, active=False):
        op.add_column("users", column)
    op.add_column("rooms", sa.Column("department_id", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_rooms_department_id"), "rooms", ["department_id"])
    op.add_column("rooms", _added_text("location", 100))
    op.add_column("exam_items", _added_text("body_part_code", 20))
    op.create_index(op.f("ix_exam_items_body_part_code"), "exam_items", ["body_part_code"])
    op.add_column("exam_items", sa.Column("duration_minutes", sa.Integer(), server_default="0", nullable=False))
    op.add_column("exam_items", _added_text("preparation", 1000))
    op.add_column("exam_items", _added_text("preparation_en", 1000))
    op.add_column("exams", _added_text("patient_kind", 16))
    op.add_column("users", _added_text("title", 50))
    op.add_column("users", _added_text("phone", 32))
    op.add_column("users", sa.Column("campus_ids", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("users", sa.Column("department_ids", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("exam_types", sa.Column("id", sa.Integer(), server_default="0", nullable=False))
    op.add_column("devices", _added_text("code", 20))


def _fill() -> None:
    line = op.get_bind()
    line.execute(sa.text("update exam_types set id = position + 1"))
    line.execute(sa.text("update devices set code = ae_title"))
    for table in ("campuses", "rooms", "devices", "exam_items", "users"):
        line.execute(sa.text(f"update {table} set position = id"))
    op.create_index(op.f("ix_exam_types_id"), "exam_types", ["id"], unique=True)
    op.create_index(op.f("ix_devices_code"), "devices", ["code"], unique=True)
    if line.execute(sa.text("select count(*) from hospital")).scalar_one():
        _fill_body_parts(line)
        _fill_patient_types(line)
    if line.execute(sa.text("select count(*) from users")).scalar_one():
        _fill_roles(line)
    line.execute(sa.text("update hospital set version = version + 1"))


def _fill_body_parts(line: sa.Connection) -> None:
    parts = line.execute(
        sa.text("select body_part, body_part_dicom, min(id) from exam_items group by body_part, body_part_dicom")
    ).all()
    taken: set[str] = set()
    for place, (name, dicom, _first) in enumerate(sorted(parts, key=lambda part: part[2])):
        code = stem = dicom or "PART"
        while code in taken:
            code = f"{stem}{len(taken)}"
        taken.add(code)
        line.execute(
            sa.text(
                "insert into body_parts (code, name, name_en, dicom, position) values (:code, :name, '', :dicom, :at)"
            ),
            {"code": code, "name": name, "dicom": dicom, "at": place},
        )
        line.execute(
            sa.text(
                "update exam_items set body_part_code = :code where body_part = :name and body_part_dicom = :dicom"
            ),
            {"code": code, "name": name, "dicom": dicom},
        )


def _fill_patient_types(line: sa.Connection) -> None:
    for place, (code, name, name_en, colour) in enumerate(_PATIENT_TYPES):
        line.execute(
            sa.text(
                "insert into patient_types (code, name, name_en, priority, colour, position)"
                " values (:code, :name, :name_en, :code, :colour, :at)"
            ),
            {"code": code, "name": name, "name_en": name_en, "colour": colour, "at": place},
        )


def _fill_roles(line: sa.Connection) -> None:
    for place, (code, name, name_en) in enumerate(_ROLES):
        line.execute(
            sa.text("insert into roles (code, name, name_en, position) values (:code, :name, :name_en, :at)"),
            {"code": code, "name": name, "name_en": name_en, "at": place},
        )


def _drop(table: str, *columns: str) -> None:
    for column in columns:  # not in a batch, which makes a table anew that others refer to
        op.drop_column(table, column)


def downgrade() -> None:
    for index, table in (
        ("ix_exam_types_id", "exam_types"),
        ("ix_devices_code", "devices"),
        ("ix_exam_items_body_part_code", "exam_items"),
        ("ix_rooms_department_id", "rooms"),
    ):
        op.drop_index(op.f(index), table_name=table)
    kept = ("version", "position", "is_active", "pinyin")
    _drop("campuses", *kept)
    _drop("rooms", *kept, "department_id", "location")
    _drop("devices", *kept, "code")
    _drop("exam_types", "version", "is_active", "pinyin", "id")
    _drop(
        "exam_items",
        *("version", "position", "is_active", "body_part_code"),
        *("duration_minutes", "preparation", "preparation_en"),
    )
    _drop("users", "position", "pinyin", "title", "phone", "campus_ids", "department_ids")
    _drop("exams", "patient_kind")
    for table in ("master_changes", "roles", "words", "patient_types", "body_parts", "departments"):
        op.drop_table(table)
