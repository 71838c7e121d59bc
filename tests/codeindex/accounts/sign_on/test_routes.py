from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings as django_settings
from django.test import Client

from tests.codeindex.accounts.sign_on.browsing import PROJECT


def test_with_a_provider_in_the_environment_there_are(tmp_path: Path) -> None:
    show = (
        "import django; django.setup(); from django.urls import resolve;"
        "print(*(resolve(path).url_name for path in"
        " ('/account/sign-on/', '/account/sign-on/callback', '/admin/login/', '/admin/')))"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "CODEINDEX_HOME": str(tmp_path),
        "CODEINDEX_ENV_FILE": os.devnull,
        "DJANGO_SETTINGS_MODULE": "codeindex.settings",
        "CODEINDEX_OIDC_URL": "https://id.example.org",
        "CODEINDEX_OIDC_CLIENT_ID": "codeindex",
    }
    command = [sys.executable, "-c", show]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert done.stdout.split() == ["sign-on", "sign-on-callback", "admin-sign-in", "index"], done


def test_without_a_provider_there_are_no_addresses_of_it(client: Client, db: None) -> None:
    assert django_settings.CODEINDEX_OIDC_URL == ""
    for path in ("/account/sign-on/", "/account/sign-on/callback"):
        assert client.get(path).status_code == 404
    assert "Sign in with" not in client.get("/account/login/").content.decode()
