"""Leasing an embedding no longer adds its vector to the index of vectors again: an update that
touches no indexed column stays on the row's page, if that has room. The index of vectors is cleaned
less often, and more slowly, since that can take longer than building it."""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations

SET = """
ALTER TABLE codeindex_embedding SET (
    fillfactor = 75, autovacuum_vacuum_scale_factor = 0.5, autovacuum_vacuum_cost_delay = 10
)
"""
RESET = """
ALTER TABLE codeindex_embedding RESET (
    fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay
)
"""


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('codeindex', '0052_clones_of_branches'),
    ]

    operations = [
        RemoveIndexConcurrently(model_name='embedding', name='leased_embeddings'),
        migrations.RunSQL(SET, RESET),
    ]
