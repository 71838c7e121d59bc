from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("codeindex", "0007_structure")]
    operations = [
        migrations.AddField("space", "dtype", models.CharField(blank=True, default="", max_length=8)),
        migrations.AddField("space", "runtime", models.CharField(blank=True, default="", max_length=10)),
    ]
