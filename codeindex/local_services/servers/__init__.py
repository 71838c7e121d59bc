"""PostgreSQL and Valkey: private ones from wheels, or those that the settings name."""
