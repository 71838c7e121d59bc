"""Definitions are found by their names however these are spelt. The index is built without a
lock."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Func, Value
from django.db.models.functions import Lower, Replace


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("codeindex", "0040_words_of_blobs")]
    operations = [
        AddIndexConcurrently(
            "definition",
            models.Index(
                Replace(Lower(Func("name", Value("?!="), function="RTRIM")), Value("_")),
                name="definitions_by_spelling",
            ),
        ),
    ]
