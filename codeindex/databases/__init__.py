"""The database as an organisation runs it: what it must have, and a replica for searches."""
