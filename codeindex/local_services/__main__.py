import sys

from codeindex.local_services.launcher import main

sys.exit(main())
