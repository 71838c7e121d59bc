"""Everything that can die dies, while real repositories are indexed and searched; afterwards the
index must be the one of an installation that nothing disturbed: `make chaos`."""
