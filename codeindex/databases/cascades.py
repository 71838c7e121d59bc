"""References that the database itself follows when a row is deleted. While machines are upgraded
one after the other, an older version deletes rows without knowing the newer tables that refer to
them."""

from __future__ import annotations

from typing import Any, Final

from django.apps.registry import Apps
from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

RULES: Final[dict[Any, str]] = {models.CASCADE: "CASCADE", models.SET_NULL: "SET NULL"}


def follow(apps: Apps, editor: BaseDatabaseSchemaEditor, model: str, *names: str) -> None:
    """Adds constraints by which Postgres does what `on_delete` says of these fields, which have
    `db_constraint=False`. For the migration that creates the table: it keeps writers of the tables
    that are referred to waiting while it reads the new one."""
    table = apps.get_model("codeindex", model)._meta
    for name in names:
        field = table.get_field(name)
        assert isinstance(field, models.ForeignKey)
        target = field.target_field
        editor.execute(
            f"ALTER TABLE {table.db_table} ADD CONSTRAINT {table.db_table}_{name}_followed "
            f"FOREIGN KEY ({field.column}) "
            f"REFERENCES {target.model._meta.db_table} ({target.column}) "
            f"ON DELETE {RULES[field.remote_field.on_delete]} DEFERRABLE INITIALLY DEFERRED"
        )
