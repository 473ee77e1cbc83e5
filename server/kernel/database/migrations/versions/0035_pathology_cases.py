"""pathology: libraries, cases, specimens, blocks, slides and their events"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.kernel.database.base import UtcDateTime
from server.kernel.database.text import ordered_text

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

# An event is only ever added; a piece never gets another case or another parent.
_PARENTS = {
    "pathology_specimens": ("case_id", "number"),
    "pathology_blocks": ("case_id", "specimen_id"),
    "pathology_slides": ("case_id", "specimen_id", "block_id", "number"),
}


def _guards() -> list[str]:
    if op.get_bind().dialect.name == "sqlite":
        found = [
            f"""create trigger pathology_events_{word} before {word} on pathology_events
            begin select raise(abort, 'pathology_events is only ever added to'); end"""
            for word in ("update", "delete")
        ]
        for table, columns in _PARENTS.items():
            changed = " or ".join(f"old.{column} is not new.{column}" for column in columns)
            found.append(
                f"""create trigger {table}_stay before update of {", ".join(columns)} on {table} when {changed}
                begin select raise(abort, 'a parent in {table} never changes'); end"""
            )
        return found
    found = [
        """create function pathology_events_stay() returns trigger language plpgsql as
        $$ begin raise exception 'pathology_events is only ever added to'; end $$""",
        """create trigger pathology_events_stay before update or delete on pathology_events
        for each row execute function pathology_events_stay()""",
        """create function pathology_parents_stay() returns trigger language plpgsql as
        $$ begin raise exception 'a parent in % never changes', tg_table_name; end $$""",
    ]
    for table, columns in _PARENTS.items():
        changed = " or ".join(f"old.{column} is distinct from new.{column}" for column in columns)
        found.append(
            f"""create trigger {table}_stay before update on {table} for each row when ({changed})
            execute function pathology_parents_stay()"""
        )
    return found


def upgrade() -> None:
    op.create_table(
        "pathology_libraries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("name_en", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("prefix", sa.String(length=6), nullable=False),
        sa.Column("date_part", sa.String(length=10), nullable=False),
        sa.Column("serial_width", sa.Integer(), nullable=False),
        sa.Column("reset", sa.String(length=6), nullable=False),
        sa.Column("single_piece", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("retention_days", sa.Integer(), server_default="14", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_libraries")),
        sa.UniqueConstraint("name", name=op.f("uq_pathology_libraries_name")),
    )
    op.create_table(
        "pathology_numbers",
        sa.Column("number", ordered_text(24), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("use", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_pathology_numbers")),
    )
    op.create_index(op.f("ix_pathology_numbers_case_id"), "pathology_numbers", ["case_id"], unique=False)
    op.create_table(
        "pathology_cases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("library_id", sa.Integer(), nullable=False),
        sa.Column("number", ordered_text(24), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("state_since", UtcDateTime(), nullable=False),
        sa.Column("unlocked_state", sa.String(length=12), nullable=False),
        sa.Column("entry", sa.JSON(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=True),
        sa.Column("patient_name", sa.String(length=120), nullable=False),
        sa.Column("sex", sa.String(length=1), nullable=False),
        sa.Column("age", sa.String(length=16), nullable=False),
        sa.Column("age_years", sa.Float(), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("application_number", sa.String(length=64), nullable=False),
        sa.Column("hospital_patient_id", sa.String(length=64), nullable=False),
        sa.Column("outpatient_number", sa.String(length=64), nullable=False),
        sa.Column("inpatient_number", sa.String(length=64), nullable=False),
        sa.Column("id_number", sa.String(length=64), nullable=False),
        sa.Column("department", sa.String(length=120), nullable=False),
        sa.Column("bed", sa.String(length=32), nullable=False),
        sa.Column("sending_unit", sa.String(length=120), nullable=False),
        sa.Column("sending_doctor", sa.String(length=80), nullable=False),
        sa.Column("specimen_type", sa.String(length=80), nullable=False),
        sa.Column("specimen_name", sa.String(length=200), nullable=False),
        sa.Column("clinical_diagnosis", sa.String(length=500), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("registered_by_id", sa.Integer(), nullable=False),
        sa.Column("registered_by", sa.String(length=80), nullable=False),
        sa.Column("registered_at", UtcDateTime(), nullable=False),
        sa.Column("delay_reason", sa.String(length=500), nullable=False),
        sa.Column("first_doctor", sa.String(length=80), nullable=False),
        sa.Column("chief_doctor", sa.String(length=80), nullable=False),
        sa.Column("second_doctor", sa.String(length=80), nullable=False),
        sa.Column("auditor", sa.String(length=80), nullable=False),
        sa.Column("gross_version", sa.Integer(), nullable=False),
        sa.Column("gross_description", sa.Text(), nullable=False),
        sa.Column("gross_recorder", sa.String(length=80), nullable=False),
        sa.Column("gross_recorded_at", UtcDateTime(), nullable=True),
        sa.Column("charges_version", sa.Integer(), nullable=False),
        sa.Column("last_specimen", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("placed_at", UtcDateTime(), nullable=True),
        sa.Column("placed_by", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["library_id"], ["pathology_libraries.id"], name=op.f("fk_pathology_cases_library_id_pathology_libraries")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_cases")),
        sa.UniqueConstraint("number", name=op.f("uq_pathology_cases_number")),
    )
    op.create_index(
        "ix_pathology_cases_list",
        "pathology_cases",
        ["library_id", "registered_at", "id", "number", "state"],
        unique=False,
    )
    op.create_index(op.f("ix_pathology_cases_patient_id"), "pathology_cases", ["patient_id"], unique=False)
    op.create_index("ix_pathology_cases_received", "pathology_cases", ["received_at"], unique=False)
    op.create_index(
        "ix_pathology_cases_states", "pathology_cases", ["library_id", "state", "registered_at", "id"], unique=False
    )
    op.create_table(
        "pathology_case_flags",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("flag", sa.String(length=16), nullable=False),
        sa.Column("library_id", sa.Integer(), nullable=False),
        sa.Column("registered_at", UtcDateTime(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["pathology_cases.id"], name=op.f("fk_pathology_case_flags_case_id_pathology_cases")
        ),
        sa.PrimaryKeyConstraint("case_id", "flag", name=op.f("pk_pathology_case_flags")),
    )
    op.create_index(
        "ix_pathology_case_flags_list",
        "pathology_case_flags",
        ["flag", "library_id", "registered_at", "case_id"],
        unique=False,
    )
    op.create_table(
        "pathology_case_words",
        sa.Column("word", ordered_text(32), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["pathology_cases.id"], name=op.f("fk_pathology_case_words_case_id_pathology_cases")
        ),
        sa.PrimaryKeyConstraint("word", "case_id", name=op.f("pk_pathology_case_words")),
    )
    op.create_index("ix_pathology_case_words_case", "pathology_case_words", ["case_id", "word"], unique=False)
    op.create_table(
        "pathology_charges",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("price_fen", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.Column("is_paid", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["pathology_cases.id"], name=op.f("fk_pathology_charges_case_id_pathology_cases")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_charges")),
    )
    op.create_index("ix_pathology_charges_at", "pathology_charges", ["at"], unique=False)
    op.create_index(op.f("ix_pathology_charges_case_id"), "pathology_charges", ["case_id"], unique=False)
    op.create_table(
        "pathology_deletions",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("password", sa.String(length=16), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["pathology_cases.id"], name=op.f("fk_pathology_deletions_case_id_pathology_cases")
        ),
        sa.PrimaryKeyConstraint("case_id", "user_id", name=op.f("pk_pathology_deletions")),
    )
    op.create_table(
        "pathology_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("object_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("before", sa.String(length=12), nullable=False),
        sa.Column("after", sa.String(length=12), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("station", sa.String(length=40), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["pathology_cases.id"], name=op.f("fk_pathology_events_case_id_pathology_cases")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_events")),
    )
    op.create_index("ix_pathology_events_case", "pathology_events", ["case_id", "id"], unique=False)
    op.create_index("ix_pathology_events_object", "pathology_events", ["kind", "object_id", "id"], unique=False)
    op.create_table(
        "pathology_specimens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("library_id", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("number", ordered_text(32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("entry", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("tissue", sa.String(length=12), nullable=False),
        sa.Column("registered_by", sa.String(length=80), nullable=False),
        sa.Column("registered_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("handling", sa.String(length=500), nullable=False),
        sa.Column("recorder", sa.String(length=80), nullable=False),
        sa.Column("stored_at", UtcDateTime(), nullable=True),
        sa.Column("handed_over_by", sa.String(length=80), nullable=False),
        sa.Column("handed_over_to", sa.String(length=80), nullable=False),
        sa.Column("handed_over_at", UtcDateTime(), nullable=True),
        sa.Column("disposed_by", sa.String(length=80), nullable=False),
        sa.Column("witness", sa.String(length=80), nullable=False),
        sa.Column("disposed_at", UtcDateTime(), nullable=True),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("placed_at", UtcDateTime(), nullable=True),
        sa.Column("placed_by", sa.String(length=80), nullable=False),
        sa.Column("state_since", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["pathology_cases.id"], name=op.f("fk_pathology_specimens_case_id_pathology_cases")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_specimens")),
        sa.UniqueConstraint("case_id", "serial", name=op.f("uq_pathology_specimens_case_id_serial")),
        sa.UniqueConstraint("id", "case_id", name=op.f("uq_pathology_specimens_id_case_id")),
        sa.UniqueConstraint("number", name=op.f("uq_pathology_specimens_number")),
    )
    op.create_index(
        op.f("ix_pathology_specimens_handed_over_at"), "pathology_specimens", ["handed_over_at"], unique=False
    )
    op.create_index(
        op.f("ix_pathology_specimens_registered_at"), "pathology_specimens", ["registered_at"], unique=False
    )
    op.create_index("ix_pathology_specimens_states", "pathology_specimens", ["state", "state_since"], unique=False)
    op.create_table(
        "pathology_blocks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("library_id", sa.Integer(), nullable=False),
        sa.Column("specimen_id", sa.Integer(), nullable=True),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.Column("serial", sa.String(length=4), nullable=False),
        sa.Column("label", ordered_text(32), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("source_note", sa.String(length=40), nullable=False),
        sa.Column("site", sa.String(length=200), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=16), nullable=False),
        sa.Column("grosser_id", sa.Integer(), nullable=True),
        sa.Column("grosser", sa.String(length=80), nullable=False),
        sa.Column("grossed_at", UtcDateTime(), nullable=False),
        sa.Column("recorder_id", sa.Integer(), nullable=False),
        sa.Column("recorder", sa.String(length=80), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("label_prints", sa.Integer(), nullable=False),
        sa.Column("verified_by_id", sa.Integer(), nullable=True),
        sa.Column("verified_by", sa.String(length=80), nullable=False),
        sa.Column("verified_at", UtcDateTime(), nullable=True),
        sa.Column("embedded_by_id", sa.Integer(), nullable=True),
        sa.Column("embedded_by", sa.String(length=80), nullable=False),
        sa.Column("embedded_at", UtcDateTime(), nullable=True),
        sa.Column("sectioned_by", sa.String(length=80), nullable=False),
        sa.Column("sectioned_at", UtcDateTime(), nullable=True),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("placed_at", UtcDateTime(), nullable=True),
        sa.Column("placed_by", sa.String(length=80), nullable=False),
        sa.Column("state_since", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["pathology_cases.id"], name=op.f("fk_pathology_blocks_case_id_pathology_cases")
        ),
        sa.ForeignKeyConstraint(
            ["specimen_id", "case_id"],
            ["pathology_specimens.id", "pathology_specimens.case_id"],
            name=op.f("fk_pathology_blocks_specimen_id_case_id_pathology_specimens"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_blocks")),
        sa.UniqueConstraint("id", "case_id", name=op.f("uq_pathology_blocks_id_case_id")),
    )
    op.create_index("ix_pathology_blocks_case", "pathology_blocks", ["case_id", "serial"], unique=False)
    op.create_index(op.f("ix_pathology_blocks_grossed_at"), "pathology_blocks", ["grossed_at"], unique=False)
    op.create_index("ix_pathology_blocks_label", "pathology_blocks", ["label"], unique=False)
    op.create_index(op.f("ix_pathology_blocks_order_id"), "pathology_blocks", ["order_id"], unique=False)
    op.create_index("ix_pathology_blocks_since", "pathology_blocks", ["state", "state_since"], unique=False)
    op.create_index("ix_pathology_blocks_sources", "pathology_blocks", ["library_id", "source", "label"], unique=False)
    op.create_index("ix_pathology_blocks_states", "pathology_blocks", ["library_id", "state", "label"], unique=False)
    op.create_index(
        "uq_pathology_blocks_living_label",
        "pathology_blocks",
        ["label"],
        unique=True,
        sqlite_where=sa.text("state != 'deleted'"),
        postgresql_where=sa.text("state != 'deleted'"),
    )
    op.create_table(
        "pathology_slide_stems",
        sa.Column("stem", sa.String(length=32), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("stem", name=op.f("pk_pathology_slide_stems")),
    )
    op.create_table(
        "pathology_missing",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("object_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["pathology_cases.id"], name=op.f("fk_pathology_missing_case_id_pathology_cases")
        ),
        sa.PrimaryKeyConstraint("kind", "object_id", name=op.f("pk_pathology_missing")),
    )
    op.create_index(op.f("ix_pathology_missing_case_id"), "pathology_missing", ["case_id"], unique=False)
    op.create_table(
        "pathology_slides",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("library_id", sa.Integer(), nullable=False),
        sa.Column("specimen_id", sa.Integer(), nullable=True),
        sa.Column("block_id", sa.Integer(), nullable=True),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("number", ordered_text(40), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("stain", sa.String(length=60), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("label_prints", sa.Integer(), nullable=False),
        sa.Column("label_printed_at", UtcDateTime(), nullable=True),
        sa.Column("checked_by", sa.String(length=80), nullable=False),
        sa.Column("checked_at", UtcDateTime(), nullable=True),
        sa.Column("handed_over_by", sa.String(length=80), nullable=False),
        sa.Column("handed_over_to", sa.String(length=80), nullable=False),
        sa.Column("handed_over_at", UtcDateTime(), nullable=True),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.Column("grade", sa.String(length=2), nullable=False),
        sa.Column("grade_note", sa.String(length=200), nullable=False),
        sa.Column("graded_by", sa.String(length=80), nullable=False),
        sa.Column("graded_at", UtcDateTime(), nullable=True),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("placed_at", UtcDateTime(), nullable=True),
        sa.Column("placed_by", sa.String(length=80), nullable=False),
        sa.Column("state_since", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["block_id", "case_id"],
            ["pathology_blocks.id", "pathology_blocks.case_id"],
            name=op.f("fk_pathology_slides_block_id_case_id_pathology_blocks"),
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["pathology_cases.id"], name=op.f("fk_pathology_slides_case_id_pathology_cases")
        ),
        sa.ForeignKeyConstraint(
            ["specimen_id", "case_id"],
            ["pathology_specimens.id", "pathology_specimens.case_id"],
            name=op.f("fk_pathology_slides_specimen_id_case_id_pathology_specimens"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_slides")),
        sa.UniqueConstraint("number", name=op.f("uq_pathology_slides_number")),
    )
    op.create_index(op.f("ix_pathology_slides_block_id"), "pathology_slides", ["block_id"], unique=False)
    op.create_index(op.f("ix_pathology_slides_case_id"), "pathology_slides", ["case_id"], unique=False)
    op.create_index(op.f("ix_pathology_slides_handed_over_at"), "pathology_slides", ["handed_over_at"], unique=False)
    op.create_index(op.f("ix_pathology_slides_made_at"), "pathology_slides", ["made_at"], unique=False)
    op.create_index(op.f("ix_pathology_slides_order_id"), "pathology_slides", ["order_id"], unique=False)
    op.create_index("ix_pathology_slides_since", "pathology_slides", ["state", "state_since"], unique=False)
    op.create_index("ix_pathology_slides_sources", "pathology_slides", ["library_id", "source", "number"], unique=False)
    op.create_index("ix_pathology_slides_states", "pathology_slides", ["library_id", "state", "number"], unique=False)

    for statement in _guards():
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("pathology_slides")
    op.drop_table("pathology_missing")
    op.drop_table("pathology_slide_stems")
    op.drop_table("pathology_blocks")
    op.drop_table("pathology_specimens")
    op.drop_table("pathology_events")
    op.drop_table("pathology_deletions")
    op.drop_table("pathology_charges")
    op.drop_table("pathology_case_words")
    op.drop_table("pathology_case_flags")
    op.drop_table("pathology_cases")
    op.drop_table("pathology_numbers")
    op.drop_table("pathology_libraries")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("drop function pathology_events_stay()")
        op.execute("drop function pathology_parents_stay()")
