"""What an installation tells of itself: logs, health, metrics, traces, slow searches."""
