"""Names what an export may be, for clients that ask for it by Accept."""

from __future__ import annotations

from rest_framework.renderers import BaseRenderer, JSONRenderer


class CSVRenderer(BaseRenderer):
    media_type, format = "text/csv", "csv"


class JSONLinesRenderer(BaseRenderer):
    media_type, format = "application/jsonl", "jsonl"


OF_EXPORTS = (JSONRenderer, CSVRenderer, JSONLinesRenderer)
