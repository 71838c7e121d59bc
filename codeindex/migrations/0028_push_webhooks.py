"""Push webhooks, and the part of a clone URL by which they find a repository. Postgres computes it,
also from what an older version writes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Lower, Now

UP_TO_PATH = r"^(?:[a-z]+://)?(?:[^/@]*@)?(\[[^]]*\]|[^/:]+)(?::\d+(?=/))?[:/]+"
AFTER_PATH = r"/*(?:\.git)?/*$"


def _replaced(expression, pattern, replacement):
    return models.Func(
        expression, models.Value(pattern), models.Value(replacement), function="REGEXP_REPLACE"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("codeindex", "0027_beginnings_of_names"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField(
            "repository",
            "host_path",
            models.GeneratedField(
                db_persist=True,
                expression=_replaced(_replaced(Lower("url"), UP_TO_PATH, r"\1/"), AFTER_PATH, ""),
                output_field=models.TextField(),
            ),
        ),
        migrations.AddIndex(
            "repository", models.Index(fields=["host_path"], name="repositories_by_host_path")
        ),
        migrations.CreateModel(
            "PushWebhook",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("secret", models.TextField(editable=False)),
                ("created", models.DateTimeField(db_default=Now())),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="push_webhooks",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "repository",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="push_webhooks",
                        to="codeindex.repository",
                    ),
                ),
            ],
            options={"ordering": ["-pk"]},
        ),
        migrations.CreateModel(
            "PushDelivery",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                ("received", models.DateTimeField(db_default=Now())),
                ("outcome", models.CharField(blank=True, max_length=200)),
                (
                    "webhook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="codeindex.pushwebhook",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "push deliveries",
                "ordering": ["-received", "-pk"],
                "indexes": [models.Index(fields=["received"], name="push_deliveries_by_age")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("webhook", "digest"), name="delivery_of_webhook"
                    )
                ],
            },
        ),
    ]
