"""The settings of codeindex, from the environment or a `.env` file beside manage.py.

Each module holds those of one topic. docs/settings.md lists them. An invalid value stops every
command with one line that names it."""

from codeindex.settings.accounts import *
from codeindex.settings.application import *
from codeindex.settings.broker import *
from codeindex.settings.encoder import *
from codeindex.settings.indexing import *
from codeindex.settings.limits import *
from codeindex.settings.logs import *
from codeindex.settings.mail import *
from codeindex.settings.observability import *
from codeindex.settings.outgoing import *
from codeindex.settings.security import *
from codeindex.settings.services import *
from codeindex.settings.workers import *
