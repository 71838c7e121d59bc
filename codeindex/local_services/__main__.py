import os
import sys

from codeindex.local_services.launcher import main

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "codeindex.settings")
sys.exit(main())
