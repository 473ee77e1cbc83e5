"""completeness, custom tags, names by any part, character sets by hand"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

import server.kernel.database.base
from shared.dicomkit.names import is_chinese, search_keys

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ORDERED = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MANY = 2000


def upgrade() -> None:
    op.drop_index("ix_studies_date_time", table_name="studies")
    with op.batch_alter_table("studies", schema=None) as batch_op:
        batch_op.add_column(sa.Column("forced_charset", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("details", sa.LargeBinary(), nullable=True))
        batch_op.create_index("ix_studies_date_time", ["study_date", "study_time", "id"], unique=False)
    with op.batch_alter_table("series", schema=None) as batch_op:
        batch_op.add_column(sa.Column("details", sa.LargeBinary(), nullable=True))
    infixes = op.create_table(
        "name_infixes",
        sa.Column("infix", _ORDERED, nullable=False),
        sa.Column("name", _ORDERED, nullable=False),
        sa.PrimaryKeyConstraint("infix", "name", name=op.f("pk_name_infixes")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "custom_tags",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tag", _BIG, nullable=False),
        sa.Column("creator", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("filled_to", _BIG, nullable=False),
        sa.Column("filled_count", _BIG, nullable=False),
        sa.Column("was_ready", sa.Boolean(), nullable=False),
        sa.Column("created_at", server.kernel.database.base.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custom_tags")),
    )
    op.create_index("ix_custom_tags_tag_creator_level", "custom_tags", ["tag", "creator", "level"], unique=True)
    op.create_table(
        "custom_values",
        sa.Column("custom_tag_id", sa.Integer(), nullable=False),
        sa.Column("owner", _BIG, nullable=False),
        sa.Column("value", _ORDERED, nullable=False),
        sa.ForeignKeyConstraint(
            ["custom_tag_id"], ["custom_tags.id"], name=op.f("fk_custom_values_custom_tag_id_custom_tags")
        ),
        sa.PrimaryKeyConstraint("custom_tag_id", "owner", name=op.f("pk_custom_values")),
    )
    op.create_index("ix_custom_values_custom_tag_id_value", "custom_values", ["custom_tag_id", "value", "owner"])
    op.create_table(
        "expectations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_uid", _ORDERED, nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("sender", sa.String(length=16), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("is_final", sa.Boolean(), nullable=False),
        sa.Column("uids", sa.LargeBinary(), nullable=True),
        sa.Column("changed_at", server.kernel.database.base.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expectations")),
    )
    op.create_index(
        "ix_expectations_source_reference", "expectations", ["source", "reference", "study_uid"], unique=True
    )
    op.create_index("ix_expectations_study_uid", "expectations", ["study_uid"])
    op.create_index("ix_expectations_missing", "expectations", ["missing", "changed_at"])
    _fill_names(infixes)


def _fill_names(infixes: sa.Table) -> None:
    """The ends of all names that are here; new ones are added as their studies come."""
    connection = op.get_bind()
    distinct: set[str] = set()
    for table in ("studies", "image_patients"):
        for column in ("name_key", "ideographic_key", "phonetic_key"):
            found = connection.execute(sa.text(f"SELECT DISTINCT {column} FROM {table} WHERE {column} <> ''"))
            distinct.update(name for (name,) in found)
    names = sorted(distinct)
    for start in range(0, len(names), _MANY):
        rows = [{"infix": i, "name": name} for name in names[start : start + _MANY] for i in _infixes_of(name)]
        if rows:
            connection.execute(infixes.insert(), rows)


def _infixes_of(name: str) -> set[str]:
    """As server.archive.name_index wrote them when this migration was made."""
    whole = re.sub(r"[\^\s]+", "", name)[:80]
    found = {whole[start : start + 24] for start in range(len(whole))}
    if is_chinese(whole):
        full, initials = search_keys(whole)
        found |= {key[:24] for key in (full, initials) if key and key.isascii()}
    elif "^" in name or " " in name:
        found.add("".join(part[0] for part in re.split(r"[\^\s]+", name) if part)[:24])
    return found


def downgrade() -> None:
    for table in ("expectations", "custom_values", "custom_tags", "name_infixes"):
        op.drop_table(table)
    op.drop_index("ix_studies_date_time", table_name="studies")
    with op.batch_alter_table("series", schema=None) as batch_op:
        batch_op.drop_column("details")
    with op.batch_alter_table("studies", schema=None) as batch_op:
        batch_op.drop_column("details")
        batch_op.drop_column("forced_charset")
        batch_op.create_index("ix_studies_date_time", ["study_date", "study_time"], unique=False)
