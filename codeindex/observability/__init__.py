"""What an installation reports about itself: logs, health, metrics, traces, slow searches."""
