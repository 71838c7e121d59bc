"""The database: what it must have, the migrations it lacks, small statements, and a replica for
searches."""
