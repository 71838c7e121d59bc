from __future__ import annotations

import pytest

from codeindex.models import Space, SpaceState


@pytest.fixture
def space() -> Space:
    return Space.objects.create(
        name="tiny", fingerprint="tiny", dimensions=3, state=SpaceState.ACTIVE
    )
