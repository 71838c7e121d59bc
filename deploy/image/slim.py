"""Removes from a virtual environment what the application never loads, so that the image stays
small: tests of packages, headers and programs of torch, sources of translations, grammars of
languages that codeindex does not read, and the compiled modules of transformers' models, of which
one is loaded.

    python deploy/image/slim.py SITE_PACKAGES LANGUAGES
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

KEPT_PROGRAM = "torch_shm_manager"
"""Without it torch cannot be imported."""

PACKED = re.compile(r'\bpacked\("(\w+)"\)')


def main(packages: Path, languages: Path) -> None:
    """Both are folders: the packages, and the sources that name the grammars (`packed("…")`)."""
    sources = [file.read_text(encoding="utf-8") for file in languages.glob("*.py")]
    grammars = {f"{name}.abi3.so" for source in sources for name in PACKED.findall(source)}
    bindings = packages / "tree_sitter_language_pack/bindings"
    superfluous = [
        *packages.rglob("tests"),
        *packages.glob("torch/test"),
        *packages.glob("torch/include"),
        *(file for file in (packages / "torch/bin").iterdir() if file.name != KEPT_PROGRAM),
        *packages.rglob("*.po"),
        *packages.glob("transformers/models/*/__pycache__"),
        *(file for file in bindings.glob("*.abi3.so") if file.name not in grammars),
    ]
    for path in superfluous:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)  # it may be gone with its folder


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
