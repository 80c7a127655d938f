"""``python -m demo FOLDER``: rebuild the files from which the demo data sets are installed."""

import argparse
from pathlib import Path

from demo.build import build
from demo.picture import picture


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("folder", type=Path, help="build folder; finished steps in it are not repeated")
    folder = parser.parse_args().folder
    build(folder)
    picture(Path("docs/demo.png"))


if __name__ == "__main__":
    main()
