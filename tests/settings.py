"""The settings under test: a state folder of the process's own, whatever the environment says."""

import atexit
import os
import shutil
import tempfile

_FROM_OUTSIDE = {
    "WEB_CONCURRENCY",
    *("ALLOWED_HOSTS", "BROKER_URL", "CSRF_TRUSTED_ORIGINS", "DATABASE_URL", "DEBUG", "LOG_LEVEL"),
    *("PORT", "SECRET_KEY", "SECRET_KEY_FALLBACKS", "SECRET_KEY_FILE", "SECRET_KEY_FALLBACKS_FILE"),
    *("DATABASE_URL_FILE", "BROKER_URL_FILE"),
}

for _name in list(os.environ):
    if _name in _FROM_OUTSIDE or _name.startswith("CODEINDEX_"):
        del os.environ[_name]
os.environ["CODEINDEX_ENV_FILE"] = os.devnull
os.environ["CODEINDEX_HOME"] = tempfile.mkdtemp(prefix="codeindex-tests-")
atexit.register(shutil.rmtree, os.environ["CODEINDEX_HOME"], ignore_errors=True)

from codeindex.settings import *  # noqa: E402, F403
from codeindex.settings import STATIC_ROOT, STORAGES  # noqa: E402

# The session's services run already: commands use them, and start none in the folder of a test.
PRIVATE_SERVICES = False

STATIC_ROOT.mkdir()  # whitenoise warns where it is missing

CODEINDEX_SEARCH_RATE = CODEINDEX_ANONYMOUS_SEARCH_RATE = "100000/second"
CODEINDEX_ENCODE_RATE = CODEINDEX_ANONYMOUS_ENCODE_RATE = "100000/second"
CODEINDEX_INDEX_RATE = "100000/second"
CODEINDEX_TOKEN_SEARCH_RATE = CODEINDEX_TOKEN_ENCODE_RATE = "100000/second"
CODEINDEX_TOKEN_INDEX_RATE = "100000/second"

# How long a search takes says more of what else the machine does than of the code.
CODEINDEX_SEARCH_SECONDS = 60

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
