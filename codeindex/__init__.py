"""The Django project and app: registers and indexes repositories. Owns every write.

Importing the package loads nothing, so that `codeindex.client` needs neither Django nor Celery."""
