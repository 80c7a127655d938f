"""``python -m demo FOLDER``: make again, in FOLDER, the files that the demo sets are installed from."""

import argparse
from pathlib import Path

from demo.build import build
from demo.picture import picture


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("folder", type=Path, help="keeps the phantoms; hours of work are not done twice")
    folder = parser.parse_args().folder
    build(folder)
    picture(Path("docs/demo.png"))


if __name__ == "__main__":
    main()
