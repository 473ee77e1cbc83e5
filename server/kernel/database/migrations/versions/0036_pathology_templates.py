"""pathology: diagnosis templates and field prompts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _templates()
    _lists()


def _templates() -> None:
    op.create_table(
        "pathology_organs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_organs")),
        sa.UniqueConstraint("owner_id", "kind", "name", name=op.f("uq_pathology_organs_owner_id_kind_name")),
    )
    op.create_table(
        "pathology_diseases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("diagnosis", sa.Text(), nullable=False),
        sa.Column("usable", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["pathology_organs.id"],
            name=op.f("fk_pathology_diseases_site_id_pathology_organs"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_diseases")),
        sa.UniqueConstraint("site_id", "name", name=op.f("uq_pathology_diseases_site_id_name")),
    )
    op.create_table(
        "pathology_disease_texts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("disease_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("diagnosis", sa.Text(), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["disease_id"],
            ["pathology_diseases.id"],
            name=op.f("fk_pathology_disease_texts_disease_id_pathology_diseases"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_disease_texts")),
        sa.UniqueConstraint("disease_id", "revision", name=op.f("uq_pathology_disease_texts_disease_id_revision")),
    )


def _lists() -> None:
    op.create_table(
        "pathology_prompts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_prompts")),
        sa.UniqueConstraint("key", name=op.f("uq_pathology_prompts_key")),
    )
    op.create_table(
        "pathology_descriptors",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("specimen_type", sa.String(length=60), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_descriptors")),
        sa.UniqueConstraint("specimen_type", name=op.f("uq_pathology_descriptors_specimen_type")),
    )
    op.create_table(
        "pathology_markers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("letter", sa.String(length=1), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_markers")),
        sa.UniqueConstraint("kind", "name", name=op.f("uq_pathology_markers_kind_name")),
    )
    op.create_table(
        "pathology_panels",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_panels")),
        sa.UniqueConstraint("name", name=op.f("uq_pathology_panels_name")),
    )


def downgrade() -> None:
    for table in ("panels", "markers", "descriptors", "prompts", "disease_texts", "diseases", "organs"):
        op.drop_table(f"pathology_{table}")
