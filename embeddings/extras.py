"""Optional packages that only some encoders need, and the message that says how to install them."""

from __future__ import annotations

from importlib.util import find_spec

from embeddings.text.settings import EncoderUnavailable


def require(packages: tuple[str, ...], what: str, extra: str) -> None:
    """Raises EncoderUnavailable unless all are installed."""
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise EncoderUnavailable(
            f"{what} needs the package {missing[0]}, which is not installed. Install it "
            f"with `pip install 'codeindex[{extra}]'`."
        )
