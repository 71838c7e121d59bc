"""What users read where something fails that nobody has foreseen."""

from __future__ import annotations

INTERNAL_ERROR = (
    "An internal error occurred. Your administrator finds the details in the worker's log."
)
