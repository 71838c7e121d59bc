"""Pages about quality."""
