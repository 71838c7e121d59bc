"""Pages about quality, and the evaluations over REST."""
