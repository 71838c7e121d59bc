"""References that the database itself follows when a row is deleted. While machines are upgraded
one after the other, an older version deletes rows without knowing the newer tables that refer to
them."""

from __future__ import annotations

from typing import Any, Final

from django.apps.registry import Apps
from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

RULES: Final = {models.CASCADE: "CASCADE", models.SET_NULL: "SET NULL"}

_NAME = """
    SELECT conname
    FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND conkey = ARRAY[attnum]
    WHERE contype = 'f' AND conrelid = %s::regclass AND attname = %s
"""


def follow(apps: Apps, editor: BaseDatabaseSchemaEditor, *names: str) -> None:
    """Makes Postgres do what `on_delete` says of the references of these models of codeindex. For
    migrations, in the one that creates the tables: the tables are locked and read."""
    for name in names:
        model = apps.get_model("codeindex", name)
        for field in model._meta.local_concrete_fields:
            if field.remote_field is not None and field.db_constraint:
                _follow(editor, field, RULES[field.remote_field.on_delete])


def _follow(
    editor: BaseDatabaseSchemaEditor, field: models.ForeignKey[Any, Any], rule: str
) -> None:
    quote = editor.quote_name
    table, column = field.model._meta.db_table, field.column
    target = field.target_field
    assert column
    assert target.column
    with editor.connection.cursor() as cursor:
        cursor.execute(_NAME, [table, column])
        ((constraint,),) = cursor.fetchall()
        cursor.execute(
            f"ALTER TABLE {quote(table)} DROP CONSTRAINT {quote(constraint)}, "
            f"ADD CONSTRAINT {quote(constraint)} FOREIGN KEY ({quote(column)}) "
            f"REFERENCES {quote(target.model._meta.db_table)} ({quote(target.column)}) "
            f"ON DELETE {rule} DEFERRABLE INITIALLY DEFERRED"
        )
