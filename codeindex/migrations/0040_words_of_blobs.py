"""The words of each blob. The sweep writes those of blobs that are stored already."""

import django.db.models.deletion
from django.contrib.postgres.search import SearchVectorField
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("codeindex", "0039_large_updates")]

    operations = [
        migrations.CreateModel(
            name="BlobWords",
            fields=[
                (
                    "blob",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="codeindex.blob",
                    ),
                ),
                ("words", SearchVectorField()),
            ],
        ),
        migrations.AddField(
            model_name="blob",
            name="analysis",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddIndex(
            model_name="blob",
            index=models.Index(
                condition=models.Q(("analysis__lt", 3)), fields=["id"], name="blobs_to_analyse"
            ),
        ),
    ]
