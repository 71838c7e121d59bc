"""What the web server reports about itself: probes, metrics, and the log of its requests."""
