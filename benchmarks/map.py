"""How long the map of an installation takes to make, how far it keeps neighbourhoods, and how large
the answer with its points is:

    python -m benchmarks.map

It makes the map of the installation that the settings name anew."""

from __future__ import annotations

import gzip
import time

import django
from django.test import Client

django.setup()

from django.contrib.auth.models import User  # noqa: E402

from codeindex.models import Projection  # noqa: E402
from codeindex.spaces import projection  # noqa: E402


def main() -> None:
    Projection.objects.all().delete()
    began = time.monotonic()
    made = projection.refresh()
    if made is None:
        raise SystemExit("There is too little to show.")
    seconds = time.monotonic() - began
    print(f"{made.points.count():,} points made in {seconds:.0f} s")
    print(f"trustworthiness {made.trustworthiness:.3f}, of {made.measured:,} points")
    client = Client(HTTP_HOST="localhost")
    client.force_login(User.objects.filter(is_superuser=True).earliest("pk"))
    for _ in range(3):
        began = time.monotonic()
        content = client.get("/map/points").content
        seconds = time.monotonic() - began
    size, packed = len(content), len(gzip.compress(content))
    print(f"points sent in {seconds:.2f} s: {size:,} bytes, {packed:,} gzipped")


if __name__ == "__main__":
    main()
