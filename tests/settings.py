"""The settings under test: a state folder of the session's own, whatever the environment says."""

import atexit
import os
import shutil
import tempfile

_FROM_OUTSIDE = ("DATABASE_URL", "BROKER_URL", "CODEINDEX_", "DEBUG", "SECRET_KEY", "ALLOWED_HOSTS")

for _name in [name for name in os.environ if name.startswith(_FROM_OUTSIDE)]:
    del os.environ[_name]
os.environ["CODEINDEX_ENV_FILE"] = os.devnull
os.environ["CODEINDEX_HOME"] = tempfile.mkdtemp(prefix="codeindex-tests-")
atexit.register(shutil.rmtree, os.environ["CODEINDEX_HOME"], ignore_errors=True)

from codeindex.settings import *  # noqa: E402, F403
from codeindex.settings import STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
