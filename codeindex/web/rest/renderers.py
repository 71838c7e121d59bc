"""The media types of exports, for clients that negotiate them by `Accept`."""

from __future__ import annotations

from rest_framework.renderers import BaseRenderer, JSONRenderer


class CSVRenderer(BaseRenderer):
    media_type, format = "text/csv", "csv"


class JSONLinesRenderer(BaseRenderer):
    media_type, format = "application/jsonl", "jsonl"


OF_EXPORTS = (JSONRenderer, CSVRenderer, JSONLinesRenderer)
