"""``python -m core.jobs ID``: runs one job."""

import sys

from core.jobs.worker import work

if __name__ == "__main__":
    sys.exit(work(sys.argv[1]))
