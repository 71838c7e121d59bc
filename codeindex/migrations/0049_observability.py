"""What workers say of themselves: new tables only."""

import django.db.models.functions.datetime
from django.db import migrations, models


def key():
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


def now():
    return models.DateTimeField(db_default=django.db.models.functions.datetime.Now())


class Migration(migrations.Migration):
    dependencies = [("codeindex", "0048_schedule")]

    operations = [
        migrations.CreateModel(
            "WorkDone",
            [
                ("id", key()),
                ("host", models.CharField(max_length=255)),
                ("stage", models.CharField(max_length=40)),
                ("batches", models.BigIntegerField(default=0)),
                ("things", models.BigIntegerField(default=0)),
                ("seconds", models.FloatField(default=0.0)),
                ("updated", now()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("host", "stage"), name="one_row_a_host_and_stage")
                ]
            },
        ),
        migrations.CreateModel(
            "GpuState",
            [
                ("id", key()),
                ("host", models.CharField(max_length=255)),
                ("number", models.PositiveSmallIntegerField()),
                ("name", models.CharField(max_length=100)),
                ("memory_used", models.BigIntegerField()),
                ("memory", models.BigIntegerField()),
                ("busy", models.FloatField(null=True)),
                ("updated", now()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("host", "number"), name="one_row_a_gpu")]
            },
        ),
        migrations.CreateModel(
            "RecallSample",
            [
                ("id", key()),
                ("created", now()),
                ("queries", models.PositiveSmallIntegerField()),
                ("sought", models.PositiveIntegerField()),
                ("found", models.PositiveIntegerField()),
                ("index_seconds", models.FloatField()),
                ("exact_seconds", models.FloatField()),
            ],
            options={"indexes": [models.Index(fields=["created"], name="recall_by_time")]},
        ),
    ]
