"""Files are found by the words of their names. The names of those that are stored already are
analysed in the background; the indexes are built without a lock."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.contrib.postgres.search import SearchVectorField
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("codeindex", "0021_names_used")]
    operations = [
        migrations.AddField("sourcefile", "name_words", SearchVectorField(null=True)),
        AddIndexConcurrently(
            "sourcefile",
            GinIndex(fields=["name_words"], condition=models.Q(live=True), name="file_names"),
        ),
        AddIndexConcurrently(
            "sourcefile",
            models.Index(
                fields=["id"], condition=models.Q(name_words__isnull=True), name="files_to_analyse"
            ),
        ),
    ]
