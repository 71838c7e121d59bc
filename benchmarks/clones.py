"""Clones in an installation, as an administrator sees them:

    python -m benchmarks.clones [--least 0.9] [--list 20]

Computes the shapes that are missing and finds near pairs anew in the installation that the settings
name; `--least` is another threshold for them. Lists groups by their saving, and pairs from the
least similar one on, since a threshold is judged at its edge."""

from __future__ import annotations

import argparse
import sys
import time

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402

from codeindex.models import NearClone  # noqa: E402
from codeindex.quality import branches, clones, near_clones, shapes  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--least", type=float, default=near_clones.THRESHOLD)
    parser.add_argument("--list", type=int, default=20)
    options = parser.parse_args()
    began = time.monotonic()
    print(f"{shapes.compute(seconds=sys.maxsize):,} shapes in {time.monotonic() - began:.0f} s")
    readable = branches.readable(User.objects.filter(is_superuser=True).earliest("pk"))
    began = time.monotonic()
    found = clones.groups(readable)
    print(
        f"{found.count:,} groups in {time.monotonic() - began:.2f} s: {found.saving:,} of"
        f" {found.lines:,} lines"
    )
    for group in found.groups[: options.list]:
        print(
            f"  {group.saving:5,} {'exact' if group.is_exact else 'renamed'}", *_told(group.places)
        )
    near_clones.THRESHOLD = options.least
    began = time.monotonic()
    print(
        f"{near_clones.refresh():,} near pairs in {time.monotonic() - began:.0f} s; the last ones:"
    )
    last = NearClone.objects.order_by("similarity")[: options.list]
    listed = {pair.pk: pair.similarity for pair in last}
    NearClone.objects.exclude(pk__in=listed).delete()
    for pair in reversed(clones.near_pairs(readable)):
        print(f"  {pair.similarity:.3f}", *_told([pair.first, pair.second]))
    near_clones.refresh()


def _told(places: list[clones.Place]) -> list[str]:
    return [f"{place.path}:{place.start_line} {place.name};" for place in places[:2]]


if __name__ == "__main__":
    main()
