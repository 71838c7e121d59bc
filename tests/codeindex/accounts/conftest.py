from __future__ import annotations

from typing import Any

import pytest

from codeindex.accounts.limits import counts


@pytest.fixture
def counted_anew(services: object, settings: Any) -> None:
    """Nothing is counted yet."""
    counts.shared_store(settings.CELERY_BROKER_URL).reset()
    counts.own_store().reset()
