"""Which names each blob uses. Files that an older version has read get theirs when they are read
again."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("codeindex", "0020_grams")]
    operations = [
        migrations.AlterField(
            "indexrun", "reading", models.PositiveSmallIntegerField(default=4, db_default=1)
        ),
        migrations.CreateModel(
            name="NamesUsed",
            fields=[
                (
                    "blob",
                    models.OneToOneField(
                        on_delete=models.CASCADE,
                        primary_key=True,
                        related_name="names_used",
                        serialize=False,
                        to="codeindex.blob",
                    ),
                ),
                ("names", django.contrib.postgres.fields.ArrayField(models.TextField(), size=None)),
                ("ends", django.contrib.postgres.fields.ArrayField(models.IntegerField(), size=None)),
                ("uses", django.contrib.postgres.fields.ArrayField(models.IntegerField(), size=None)),
                ("is_cut", models.BooleanField()),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["names"], name="users_of_names")
                ]
            },
        ),
        # Rows are looked up by the thousand for what they refer to, and their arrays read for few.
        migrations.RunSQL(
            "ALTER TABLE codeindex_namesused SET (toast_tuple_target = 128)",
            "ALTER TABLE codeindex_namesused RESET (toast_tuple_target)",
        ),
    ]
