import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("codeindex", "0003_constraints")]
    operations = [
        migrations.AddIndex(
            model_name="blob",
            index=models.Index(
                condition=models.Q(("unused_since__isnull", False)),
                fields=["unused_since"],
                name="unused_blobs",
            ),
        ),
        migrations.AddIndex(
            model_name="text",
            index=django.contrib.postgres.indexes.GinIndex(fields=["words"], name="text_words"),
        ),
        migrations.AddIndex(
            model_name="text",
            index=models.Index(
                condition=models.Q(("unused_since__isnull", False)),
                fields=["unused_since"],
                name="unused_texts",
            ),
        ),
        migrations.AddIndex(
            model_name="indexrun",
            index=models.Index(
                condition=models.Q(("finished__isnull", True)),
                fields=["status"],
                name="unfinished_runs",
            ),
        ),
        migrations.AddIndex(
            model_name="sourcefile",
            index=models.Index(
                condition=models.Q(("live", True)), fields=["blob", "branch"], name="live_places"
            ),
        ),
        migrations.AddIndex(
            model_name="sourcefile",
            index=models.Index(
                condition=models.Q(("until_run__isnull", False)),
                fields=["until_run"],
                name="leaving_files",
            ),
        ),
        migrations.AddIndex(
            model_name="embedding",
            index=models.Index(
                condition=models.Q(("state", "pending")),
                fields=["space", "id"],
                name="pending_embeddings",
            ),
        ),
        migrations.AddIndex(
            model_name="definition",
            index=models.Index(fields=["name"], name="definitions_by_name"),
        ),
    ]
