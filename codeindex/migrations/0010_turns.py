from django.db import migrations, models

PENDING = models.Q(("state", "pending"))


class Migration(migrations.Migration):
    dependencies = [("codeindex", "0009_deploy_keys_and_trusted_paths")]
    operations = [
        migrations.AddField("embedding", "turn", models.BigIntegerField(db_default=0)),
        migrations.RemoveIndex("embedding", "pending_embeddings"),
        migrations.AddIndex(
            "embedding",
            models.Index(fields=["space", "turn", "id"], condition=PENDING, name="pending_embeddings"),
        ),
        migrations.AddIndex(
            "embedding",
            models.Index(
                fields=["lease"],
                condition=models.Q(("lease__isnull", False)),
                name="leased_embeddings",
            ),
        ),
    ]
