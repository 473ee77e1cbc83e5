"""ecg: devices, bindings, tasks, uploads, orphans"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_ecg_devices()
    _create_ecg_bindings()
    _create_ecg_orphans()
    _create_ecg_tasks()
    _create_ecg_uploads()


def _create_ecg_devices() -> None:
    op.create_table(
        "ecg_devices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("serial", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=80), nullable=False),
        sa.Column("manufacturer", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("campus_id", sa.Integer(), nullable=False),
        sa.Column("adapter", sa.String(length=12), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("ae_title", sa.String(length=16), nullable=False),
        sa.Column("task_minutes", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecg_devices")),
        sa.UniqueConstraint("serial", name=op.f("uq_ecg_devices_serial")),
    )
    op.create_index(op.f("ix_ecg_devices_ae_title"), "ecg_devices", ["ae_title"], unique=False)


def _create_ecg_bindings() -> None:
    op.create_table(
        "ecg_bindings",
        sa.Column("station", sa.String(length=64), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("bound_at", sa.DateTime(), nullable=False),
        sa.Column("bound_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["ecg_devices.id"], name=op.f("fk_ecg_bindings_device_id_ecg_devices")),
        sa.PrimaryKeyConstraint("station", name=op.f("pk_ecg_bindings")),
    )
    op.create_index(op.f("ix_ecg_bindings_device_id"), "ecg_bindings", ["device_id"], unique=False)


def _create_ecg_orphans() -> None:
    op.create_table(
        "ecg_orphans",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("trace_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("campus_id", sa.Integer(), nullable=True),
        sa.Column("device_serial", sa.String(length=64), nullable=False),
        sa.Column("came_at", sa.DateTime(), nullable=False),
        sa.Column("proposed_exam_id", sa.Integer(), nullable=True),
        sa.Column("proposed_by", sa.String(length=64), nullable=False),
        sa.Column("proposed_at", sa.DateTime(), nullable=True),
        sa.Column("settled_by", sa.String(length=64), nullable=False),
        sa.Column("settled_at", sa.DateTime(), nullable=True),
        sa.Column("discard_reason", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["trace_id"], ["ecg_traces.id"], name=op.f("fk_ecg_orphans_trace_id_ecg_traces")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecg_orphans")),
        sa.UniqueConstraint("trace_id", name=op.f("uq_ecg_orphans_trace_id")),
    )
    op.create_index(op.f("ix_ecg_orphans_state"), "ecg_orphans", ["state"], unique=False)


def _create_ecg_tasks() -> None:
    op.create_table(
        "ecg_tasks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("error", sa.String(length=300), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("started_by", sa.String(length=64), nullable=False),
        sa.Column("started_by_id", sa.Integer(), nullable=False),
        sa.Column("station", sa.String(length=64), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("ended_by", sa.String(length=64), nullable=False),
        sa.Column("end_reason", sa.String(length=200), nullable=False),
        sa.Column("trace_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["ecg_devices.id"], name=op.f("fk_ecg_tasks_device_id_ecg_devices")),
        sa.ForeignKeyConstraint(["exam_id"], ["ecg_exams.id"], name=op.f("fk_ecg_tasks_exam_id_ecg_exams")),
        sa.ForeignKeyConstraint(["trace_id"], ["ecg_traces.id"], name=op.f("fk_ecg_tasks_trace_id_ecg_traces")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecg_tasks")),
    )
    op.create_index("ix_ecg_tasks_device_id", "ecg_tasks", ["device_id", "id"], unique=False)
    op.create_index(op.f("ix_ecg_tasks_exam_id"), "ecg_tasks", ["exam_id"], unique=False)
    op.create_index(
        "uq_ecg_tasks_open",
        "ecg_tasks",
        ["device_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )


def _create_ecg_uploads() -> None:
    op.create_table(
        "ecg_uploads",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("begun_at", sa.DateTime(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("trace_id", sa.Integer(), nullable=True),
        sa.Column("task_id", sa.Integer(), nullable=True),
        sa.Column("existed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["trace_id"], ["ecg_traces.id"], name=op.f("fk_ecg_uploads_trace_id_ecg_traces")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_ecg_uploads")),
    )
    op.create_index(op.f("ix_ecg_uploads_begun_at"), "ecg_uploads", ["begun_at"], unique=False)


def downgrade() -> None:
    op.drop_table("ecg_orphans")
    op.drop_table("ecg_uploads")
    op.drop_table("ecg_tasks")
    op.drop_table("ecg_bindings")
    op.drop_table("ecg_devices")
