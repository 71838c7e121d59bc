"""What the web server tells of itself: probes, metrics, and the log of its requests."""
