"""Reading code on pages: what folders hold, how documents look, which symbols a file has."""
