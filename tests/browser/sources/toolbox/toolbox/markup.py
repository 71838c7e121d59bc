"""Pages that show what strangers have written."""

from html import escape

ATTACK = "<script>alert(1)</script>"


def render_comment(comment):
    """A comment as HTML: `<script>alert(1)</script>` in it stays text."""
    return f"<p>{escape(comment)}</p>"
