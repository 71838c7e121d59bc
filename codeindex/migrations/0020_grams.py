"""Lines are found by the grams of their files. Those of existing contents are added in the
background; until then, their files are searched without an index."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("codeindex", "0019_words_as_people_spell_them")]
    operations = [
        migrations.CreateModel(
            "GramBlock",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("exponent", models.PositiveSmallIntegerField()),
                ("blobs", django.contrib.postgres.fields.ArrayField(models.BigIntegerField())),
                ("bits", models.BinaryField()),
            ],
        ),
        migrations.RunSQL(
            "ALTER TABLE codeindex_gramblock ALTER COLUMN bits SET STORAGE EXTERNAL",
            migrations.RunSQL.noop,
        ),
        migrations.AddField(
            "blob", "grams", models.PositiveSmallIntegerField(default=0, db_default=0)
        ),
        migrations.AddIndex(
            "blob",
            models.Index(
                fields=["id"],
                condition=models.Q(grams__lt=1),
                name="blobs_without_grams",
            ),
        ),
    ]
