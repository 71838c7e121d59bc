"""Kinds are those of the library, and a run says by which version of the reading it was made."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("codeindex", "0014_what_is_left_out")]
    operations = [
        migrations.AlterField("definition", "kind", models.CharField(max_length=10)),
        migrations.AlterField("text", "kind", models.CharField(max_length=10)),
        migrations.AddField(
            "indexrun", "reading", models.PositiveSmallIntegerField(default=2, db_default=1)
        ),
    ]
