"""What the alert desk keeps: its log, notices, silences, proposals, work orders, attachments, held severities.

Revision: 0003
Follows: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("attachments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attachments_subject"), ["subject"], unique=False)
    op.create_table(
        "desk_events",
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("subject_id", "digest", name="uq_desk_events_subject_id_digest"),
    )
    with op.batch_alter_table("desk_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_desk_events_subject_id"), ["subject_id"], unique=False)
    op.create_table(
        "notice_groups",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "proposals",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("enterprise", sa.Text(), nullable=False),
        sa.Column("enterprise_name", sa.Text(), nullable=False),
        sa.Column("livelihood", sa.Boolean(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("grounds", sa.JSON(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_detail", sa.JSON(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("proposals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_proposals_county"), ["county"], unique=False)
        batch_op.create_index(batch_op.f("ix_proposals_deadline"), ["deadline"], unique=False)
        batch_op.create_index(batch_op.f("ix_proposals_enterprise"), ["enterprise"], unique=False)
        batch_op.create_index(batch_op.f("ix_proposals_proposed_at"), ["proposed_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_proposals_state"), ["state"], unique=False)
        batch_op.create_index(
            "one_open_proposal",
            ["enterprise"],
            unique=True,
            sqlite_where=sa.text("state = 'proposed'"),
            postgresql_where=sa.text("state = 'proposed'"),
        )
    op.create_table(
        "silences",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("outlet", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("silences", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_silences_county"), ["county"], unique=False)
        batch_op.create_index(batch_op.f("ix_silences_ends_at"), ["ends_at"], unique=False)
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("letter", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["alert_id"],
            ["alerts.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("event_id", "channel", name="uq_notices_event_id_channel"),
    )
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notices_alert_id"), ["alert_id"], unique=False)
        batch_op.create_index("notices_waiting", ["state", "not_before"], unique=False)
    op.create_table(
        "work_orders",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("outlet", sa.Text(), nullable=False),
        sa.Column("outlet_name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("planned", sa.Boolean(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("alert_id", sa.Text(), nullable=True),
        sa.Column("ordered_by", sa.Text(), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assignee", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_detail", sa.JSON(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_event", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["alert_id"],
            ["alerts.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("work_orders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_work_orders_alert_id"), ["alert_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_work_orders_county"), ["county"], unique=False)
        batch_op.create_index(batch_op.f("ix_work_orders_deadline"), ["deadline"], unique=False)
        batch_op.create_index(batch_op.f("ix_work_orders_due_at"), ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_work_orders_outlet"), ["outlet"], unique=False)
        batch_op.create_index(batch_op.f("ix_work_orders_state"), ["state"], unique=False)
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("assignee", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("key", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("calmer", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("calmer_since", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("review_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("last_event", sa.Integer(), nullable=False, server_default="0"))
        batch_op.create_index(batch_op.f("ix_alerts_key"), ["key"], unique=False)
        batch_op.create_index(batch_op.f("ix_alerts_review_at"), ["review_at"], unique=False)
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.add_column(sa.Column("last_event", sa.Integer(), nullable=False, server_default="0"))
    chains = sa.table("audit_chains", sa.column("name"), sa.column("length"), sa.column("hash"))
    op.bulk_insert(chains, [{"name": "desk_events", "length": 0, "hash": "0" * 64}])


def downgrade() -> None:
    op.execute("DELETE FROM audit_chains WHERE name = 'desk_events'")
    with op.batch_alter_table("work_orders", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_work_orders_state"))
        batch_op.drop_index(batch_op.f("ix_work_orders_outlet"))
        batch_op.drop_index(batch_op.f("ix_work_orders_due_at"))
        batch_op.drop_index(batch_op.f("ix_work_orders_deadline"))
        batch_op.drop_index(batch_op.f("ix_work_orders_county"))
        batch_op.drop_index(batch_op.f("ix_work_orders_alert_id"))
    op.drop_table("work_orders")
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.drop_index("notices_waiting")
        batch_op.drop_index(batch_op.f("ix_notices_alert_id"))
    op.drop_table("notices")
    with op.batch_alter_table("silences", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_silences_ends_at"))
        batch_op.drop_index(batch_op.f("ix_silences_county"))
    op.drop_table("silences")
    with op.batch_alter_table("proposals", schema=None) as batch_op:
        batch_op.drop_index(
            "one_open_proposal",
            sqlite_where=sa.text("state = 'proposed'"),
            postgresql_where=sa.text("state = 'proposed'"),
        )
        batch_op.drop_index(batch_op.f("ix_proposals_state"))
        batch_op.drop_index(batch_op.f("ix_proposals_proposed_at"))
        batch_op.drop_index(batch_op.f("ix_proposals_enterprise"))
        batch_op.drop_index(batch_op.f("ix_proposals_deadline"))
        batch_op.drop_index(batch_op.f("ix_proposals_county"))
    op.drop_table("proposals")
    op.drop_table("notice_groups")
    with op.batch_alter_table("desk_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_desk_events_subject_id"))
    op.drop_table("desk_events")
    with op.batch_alter_table("attachments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attachments_subject"))
    op.drop_table("attachments")
    op.drop_index("ix_alerts_review_at", table_name="alerts")
    op.drop_index("ix_alerts_key", table_name="alerts")
    # Column by column: SQLite can, and making the table anew would break what refers to it.
    for column in ("last_event", "review_at", "calmer_since", "calmer", "key", "assignee"):
        op.execute(f"ALTER TABLE alerts DROP COLUMN {column}")
    op.execute("ALTER TABLE cases DROP COLUMN last_event")
