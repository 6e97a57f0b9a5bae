"""Marks entered by people, what waits in quarantine, and who drove it again.

Revision: 0004
Follows: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The web process used to make this one itself: where it stands, it stands as it should, with marks in it.
    if not sa.inspect(op.get_bind()).has_table("web_marks"):
        op.create_table(
            "web_marks",
            sa.Column("id", sa.Text(), nullable=False),
            sa.Column("outlet", sa.Text(), nullable=False),
            sa.Column("line", sa.Text(), nullable=False),
            sa.Column("revocation", sa.Text(), nullable=True),
            sa.Column("in_feed", sa.Boolean(), nullable=False),
            sa.PrimaryKeyConstraint("id"),
        )
        op.create_index("ix_web_marks_outlet", "web_marks", ["outlet"])
    op.create_table(
        "quarantine",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("driven_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("driven_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("quarantine_newest", "quarantine", ["refused_at", "id"])
    for column in ("reason", "name", "driven_at"):
        op.create_index(f"ix_quarantine_{column}", "quarantine", [column])
    op.create_table(
        "quarantine_offsets",
        sa.Column("partition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("next_offset", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("partition"),
    )
    op.create_table(
        "redrive_events",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
    )
    chains = sa.table("audit_chains", sa.column("name"), sa.column("length"), sa.column("hash"))
    op.bulk_insert(chains, [{"name": "redrive_events", "length": 0, "hash": "0" * 64}])


def downgrade() -> None:
    op.execute("DELETE FROM audit_chains WHERE name = 'redrive_events'")
    for table in ("redrive_events", "quarantine_offsets", "quarantine", "web_marks"):
        op.drop_table(table)
