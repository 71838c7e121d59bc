"""Backups: made while codeindex runs, verified, and restored here or on another machine.

A backup is one ZIP file. `manifest.json` says what is in it, which version wrote it, and what each
table held; `database.dump` was written by pg_dump; `secret_key` and `models/` lie beside it."""
