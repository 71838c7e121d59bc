"""Texts have the version of the analyser that made their words; the sweep renews older ones."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("codeindex", "0012_nothing_hidden_shows")]
    operations = [
        migrations.AddField(
            "text", "analysis", models.PositiveSmallIntegerField(default=2, db_default=1)
        ),
        migrations.AddIndex(
            "text",
            models.Index(
                fields=["hash"], condition=models.Q(analysis__lt=2), name="texts_to_analyse"
            ),
        ),
    ]
