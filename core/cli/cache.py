"""``cache``: statistics, verification, repair and clearing."""

import argparse
from dataclasses import asdict

from core import paths
from core.cli.common import Args, Outcome
from core.images.sources import uploads
from core.membership.reconstruction import checkpoints
from core.service import maintenance
from core.store import Store
from core.wording import counted


def cache_flags(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("action", choices=["stats", "verify", "repair", "clear"])


def cache(args: Args) -> Outcome:
    if args.action == "repair":
        report = maintenance.repair()
        return {**report.as_json(), "changed": report.changed, "text": "\n".join(report.lines())}
    store = Store()
    if args.action == "clear":
        freed = store.clear() + checkpoints.tidy(paths.folder("training"), everything=True)
        return {"freed_bytes": freed, "text": f"{freed / 1e6:.1f} MB freed. Data sets are kept."}
    if args.action == "verify":
        found = asdict(store.verify())
        checkpoints.tidy(paths.folder("training"))
        uploads.tidy()
        text = (
            f"{counted(found['entries'], 'entry', 'entries')} intact, {found['damaged']} damaged and "
            "quarantined, "
        )
        return {**found, "text": text + f"{counted(found['leftovers'], 'leftover')} removed."}
    stats = store.stats()
    lines = [
        f"{stats['folder']}: {counted(stats['entries'], 'entry', 'entries')}, {stats['bytes'] / 1e6:.1f} MB"
    ]
    lines += [
        f"  {name:12} {s['entries']:6} {s['bytes'] / 1e6:9.1f} MB" for name, s in stats["stages"].items()
    ]
    return {**stats, "text": "\n".join(lines)}
