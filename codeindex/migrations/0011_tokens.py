"""Tokens are kept hashed. Those of the REST framework, which kept them in the clear, stay valid."""

import hashlib

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Now


def hash_tokens(apps, schema_editor):
    """Takes the rows of the REST framework's table over, and drops it."""
    connection = schema_editor.connection
    if "authtoken_token" not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key, created, user_id, password FROM authtoken_token"
            " JOIN auth_user ON auth_user.id = user_id"
        )
        apps.get_model("codeindex", "Token").objects.bulk_create(
            apps.get_model("codeindex", "Token")(
                digest=hashlib.sha256(key.encode()).hexdigest(),
                beginning=key[:8],
                created=created,
                user_id=user,
                password=hashlib.sha256(password.encode()).hexdigest(),
            )
            for key, created, user, password in cursor.fetchall()
        )
        cursor.execute("DROP TABLE authtoken_token")
        cursor.execute("DELETE FROM django_migrations WHERE app = 'authtoken'")


class Migration(migrations.Migration):
    dependencies = [
        ("codeindex", "0010_turns"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            "Token",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(blank=True, max_length=100)),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                ("beginning", models.CharField(max_length=12)),
                ("password", models.CharField(editable=False, max_length=64)),
                ("created", models.DateTimeField(db_default=Now())),
                ("last_used", models.DateTimeField(blank=True, null=True)),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="tokens", to=settings.AUTH_USER_MODEL)),
            ],
            options={"ordering": ["-created", "-pk"]},
        ),
        migrations.RunPython(hash_tokens),
        migrations.AlterField(
            "repository",
            "owner",
            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="repositories", to=settings.AUTH_USER_MODEL),
        ),
    ]
