import sys

from codeindex.embedded.launcher import main

sys.exit(main())
