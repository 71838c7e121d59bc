from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from codeindex.accounts.limits import counts


class TestTheStore:
    @pytest.fixture
    def away(self, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.CELERY_BROKER_URL = f"redis+socket://{tmp_path}/none.sock"
        monkeypatch.setattr(counts, "_counts", counts.Counts())

    def test_counts_by_process_while_it_is_away(
        self, away: None, db: None, settings: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.CODEINDEX_ANONYMOUS_SEARCH_RATE = "2/hour"
        statuses = [Client().get("/?q=csv").status_code for _ in range(4)]
        assert statuses == [200, 200, 429, 429]
        assert caplog.text.count("rate limits apply per process") == 1

    def test_is_asked_again_later(self, away: None, settings: Any, services: Any) -> None:
        counting = counts.Counts(pause=0.0)
        assert counting.apply(lambda store: store.incr("tests", 60)) == 1
        settings.CELERY_BROKER_URL = services.broker_url
        assert counting.apply(lambda store: store.incr("tests", 60)) == 1
        assert counts.shared_store(services.broker_url).get("tests") == 1
