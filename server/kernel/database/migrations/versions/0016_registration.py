"""registration: kinds of documents, safety answers, photographed applications"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.kernel.database import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("patients", schema=None) as batch_op:
        batch_op.add_column(sa.Column("id_kind", sa.String(length=24), nullable=False, server_default=""))
    op.create_table(
        "safety_questions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_questions")),
    )
    op.create_table(
        "exam_safety_answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("text_en", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Double(), nullable=True),
        sa.Column("unit", sa.String(length=32), nullable=False),
        sa.Column("measured_on", sa.Date(), nullable=True),
        sa.Column("detail", sa.String(length=200), nullable=False),
        sa.Column("alarm", sa.String(length=16), nullable=False),
        sa.Column("answered_by", sa.String(length=64), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("acknowledged_by", sa.String(length=64), nullable=False),
        sa.Column("acknowledged_at", UtcDateTime(), nullable=True),
        sa.Column("replaced_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["exam_id"], ["exams.id"], name=op.f("fk_exam_safety_answers_exam_id_exams")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_safety_answers")),
    )
    with op.batch_alter_table("exam_safety_answers", schema=None) as batch_op:
        batch_op.create_index("ix_exam_safety_answers_exam", ["exam_id", "replaced_at"], unique=False)
    op.create_table(
        "exam_attachments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(length=32), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.Column("removed_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["exam_id"], ["exams.id"], name=op.f("fk_exam_attachments_exam_id_exams")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_attachments")),
    )
    with op.batch_alter_table("exam_attachments", schema=None) as batch_op:
        batch_op.create_index("ix_exam_attachments_exam", ["exam_id", "page"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("exam_attachments", schema=None) as batch_op:
        batch_op.drop_index("ix_exam_attachments_exam")
    op.drop_table("exam_attachments")
    with op.batch_alter_table("exam_safety_answers", schema=None) as batch_op:
        batch_op.drop_index("ix_exam_safety_answers_exam")
    op.drop_table("exam_safety_answers")
    op.drop_table("safety_questions")
    with op.batch_alter_table("patients", schema=None) as batch_op:
        batch_op.drop_column("id_kind")
