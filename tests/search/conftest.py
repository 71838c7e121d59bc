from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from codeindex.models import Space
from tests import shelf


@pytest.fixture
def space(db: None) -> Space:
    return shelf.space()


@pytest.fixture
def administrator(db: None) -> User:
    return User.objects.create_superuser("administrator")
