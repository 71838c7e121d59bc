"""The analyser has a new version: all stored texts are to be analysed again, in the background. The
index that finds them is built without a lock, since at first it holds every text."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("codeindex", "0018_pausing_refining")]
    operations = [
        migrations.AlterField(
            "text", "analysis", models.PositiveSmallIntegerField(default=3, db_default=1)
        ),
        RemoveIndexConcurrently("text", "texts_to_analyse"),
        AddIndexConcurrently(
            "text",
            models.Index(
                fields=["hash"], condition=models.Q(analysis__lt=3), name="texts_to_analyse"
            ),
        ),
    ]
