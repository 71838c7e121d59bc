"""The audit: a table to which rows are only added. Triggers refuse everything else, but for
deletion by whoever says that it is forgetting old rows."""

from django.db import migrations, models
from django.db.models.functions import Now

APPEND_ONLY = """
CREATE FUNCTION codeindex_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit is append-only: % is refused.', TG_OP;
END $$;
CREATE TRIGGER append_only_update BEFORE UPDATE ON codeindex_auditrecord
    FOR EACH ROW EXECUTE FUNCTION codeindex_audit_is_append_only();
CREATE TRIGGER append_only_delete BEFORE DELETE ON codeindex_auditrecord
    FOR EACH ROW WHEN (current_setting('codeindex.forgetting', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION codeindex_audit_is_append_only();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON codeindex_auditrecord
    FOR EACH STATEMENT EXECUTE FUNCTION codeindex_audit_is_append_only();
"""

CHANGEABLE = """
DROP TRIGGER append_only_truncate ON codeindex_auditrecord;
DROP TRIGGER append_only_delete ON codeindex_auditrecord;
DROP TRIGGER append_only_update ON codeindex_auditrecord;
DROP FUNCTION codeindex_audit_is_append_only;
"""


class Migration(migrations.Migration):
    dependencies = [("codeindex", "0025_teams")]
    operations = [
        migrations.CreateModel(
            name="AuditRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_default=Now())),
                ("action", models.CharField(max_length=40)),
                ("user_id", models.BigIntegerField(null=True)),
                ("user", models.CharField(blank=True, max_length=150)),
                ("door", models.CharField(max_length=10)),
                ("address", models.CharField(blank=True, max_length=50)),
                ("token", models.CharField(blank=True, max_length=12)),
                ("subject", models.TextField(blank=True)),
                ("details", models.TextField(blank=True)),
                ("text", models.TextField(blank=True)),
            ],
            options={
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(fields=["at"], name="audit_by_time"),
                    models.Index(fields=["user", "id"], name="audit_by_user"),
                ],
            },
        ),
        migrations.RunSQL(APPEND_ONLY, CHANGEABLE),
    ]
