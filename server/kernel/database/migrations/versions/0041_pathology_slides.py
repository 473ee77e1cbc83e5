"""pathology: whole-slide images and their annotations"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import server.kernel.database.base

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pathology_slide_images",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("slide_id", sa.Integer(), nullable=True),
        sa.Column("slide_number", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("sentence", sa.String(length=500), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("study_uid", sa.String(length=64), nullable=False),
        sa.Column("series_uid", sa.String(length=64), nullable=False),
        sa.Column("with_label", sa.Boolean(), nullable=False),
        sa.Column("given_mpp", sa.Float(), nullable=False),
        sa.Column("columns", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("mpp", sa.Float(), nullable=False),
        sa.Column("objective", sa.Float(), nullable=False),
        sa.Column("vendor", sa.String(length=32), nullable=False),
        sa.Column("stain", sa.String(length=80), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("of", sa.Integer(), nullable=False),
        sa.Column("imported_by", sa.String(length=80), nullable=False),
        sa.Column("imported_by_id", sa.Integer(), nullable=False),
        sa.Column("imported_at", server.kernel.database.base.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_slide_images")),
        sa.UniqueConstraint("series_uid", name=op.f("uq_pathology_slide_images_series_uid")),
    )
    with op.batch_alter_table("pathology_slide_images", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pathology_slide_images_case_id"), ["case_id"], unique=False)
    op.create_table(
        "pathology_slide_annotations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("series_uid", sa.String(length=64), nullable=False),
        sa.Column("mark", sa.JSON(), nullable=False),
        sa.Column("author", sa.String(length=80), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("at", server.kernel.database.base.UtcDateTime(), nullable=False),
        sa.Column("replaces", sa.Integer(), nullable=True),
        sa.Column("is_withdrawn", sa.Boolean(), nullable=False),
        sa.Column("ended_at", server.kernel.database.base.UtcDateTime(), nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["replaces"],
            ["pathology_slide_annotations.id"],
            name=op.f("fk_pathology_slide_annotations_replaces_pathology_slide_annotations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_slide_annotations")),
        sa.UniqueConstraint("replaces", name=op.f("uq_pathology_slide_annotations_replaces")),
    )
    with op.batch_alter_table("pathology_slide_annotations", schema=None) as batch_op:
        batch_op.create_index("ix_pathology_slide_annotations_series", ["series_uid", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("pathology_slide_annotations")
    op.drop_table("pathology_slide_images")
