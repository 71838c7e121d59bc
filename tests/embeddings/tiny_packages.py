"""Tiny installed packages, as `pip install --target` leaves them, to make a corpus of."""

from __future__ import annotations

from pathlib import Path

VERBS = ["read", "write", "sort", "open"]
THINGS = ["file", "path", "csv"]
FUNCTIONS = len(VERBS) * len(THINGS)
PACKAGES = 48


def site(folder: Path) -> None:
    """Packages with a permissive licence and nothing else to say of them."""
    for number in range(PACKAGES):
        package(folder, f"package{number}")


def package(folder: Path, name: str, licence: str = "MIT", url: str = "", code: str = "") -> None:
    """An installed package with one module: `code`, or small functions, half of them described."""
    (folder / name).mkdir(parents=True)
    (folder / name / "code.py").write_text(code or "\n\n".join(functions(name)))
    information = folder / f"{name}-1.0.dist-info"
    information.mkdir()
    home = f"Home-page: {url}\n" if url else ""
    (information / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nLicense: {licence}\n{home}"
    )
    (information / "RECORD").write_text(f"{name}/code.py,,\n")


def functions(name: str) -> list[str]:
    """Functions that are no near duplicates of each other, nor of those of another package."""
    return [
        f"def {verb}_{thing}({thing}):\n"
        + (f'    """{verb.title()}s the {thing} of {name}."""\n' if row % 2 else "")
        + f"    {verb}_{name} = {thing}.{verb}('{name}', {row})\n    return {verb}_{name}\n"
        for row, (verb, thing) in enumerate((v, t) for v in VERBS for t in THINGS)
    ]
