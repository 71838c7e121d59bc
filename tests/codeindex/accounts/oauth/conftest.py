from __future__ import annotations

from typing import Any

import pytest

from tests import sign_on_urls
from tests.codeindex.accounts.oauth.application import Application


@pytest.fixture
def on(settings: Any, db: None) -> None:
    """OAuth is on."""
    settings.ROOT_URLCONF = sign_on_urls.__name__
    settings.CODEINDEX_OAUTH = True
    settings.CODEINDEX_OAUTH_REGISTRATION_RATE = "100000/minute"
    settings.CODEINDEX_OAUTH_TOKEN_RATE = "100000/minute"


@pytest.fixture
def application(on: None) -> Application:
    made = Application()
    made.register()
    return made
