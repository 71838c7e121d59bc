"""The processes of an installation: as whom they run, how they start, and how they end."""
