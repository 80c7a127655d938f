"""``python -m core.jobs ID``: one job, from its lock to its state."""

import sys

from core.jobs.worker import work

if __name__ == "__main__":
    sys.exit(work(sys.argv[1]))
