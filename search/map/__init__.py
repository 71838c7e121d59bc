"""The map: where code lies by its meaning and structure, as far as a user may see it."""
