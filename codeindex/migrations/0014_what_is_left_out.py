"""Repositories say what of them is indexed. A content that was skipped for its origin may have a
second row for those that index it. What older rules took for generated or minified is read again."""

from django.db import migrations, models


def read_again(apps, schema_editor):
    skipped = apps.get_model("codeindex", "Blob").objects.filter(
        skipped__in=("generated", "minified")
    )
    skipped.update(format_version=0)


class Migration(migrations.Migration):
    dependencies = [("codeindex", "0013_analysis_of_texts")]
    operations = [
        *(
            migrations.AddField(
                "repository", name, models.BooleanField(default=False, db_default=False)
            )
            for name in ("index_vendored", "index_generated", "index_minified")
        ),
        migrations.AddField(
            "repository",
            "ignore_patterns",
            models.TextField(blank=True, default="", db_default="", max_length=10_000),
        ),
        migrations.AddField(
            "indexrun",
            "notices",
            models.JSONField(default=list, db_default=models.Value([], models.JSONField())),
        ),
        migrations.AddField(
            "blob",
            "despite",
            models.CharField(max_length=40, blank=True, default="", db_default=""),
        ),
        migrations.RemoveConstraint("blob", "blob_read_once"),
        migrations.AddConstraint(
            "blob",
            models.UniqueConstraint(
                fields=["sha", "language", "format_version", "despite"], name="blob_read_once"
            ),
        ),
        migrations.RunPython(read_again, migrations.RunPython.noop),
    ]
