"""Backups: made while codeindex runs, verified, and restored here or on another machine.

A backup is one ZIP file. `manifest.json` says what is in it, by which version it was written, and
what each table held; `database.dump` is of pg_dump; `secret_key` and `models/` are beside it."""
