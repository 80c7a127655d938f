"""``demo``, ``sets``, ``delete``, ``share`` and ``users``: the data sets, and who sees them.

The command line acts as the local user, who owns everything it imports; others see what is shared with them.
"""

import argparse
from dataclasses import asdict
from typing import Any

from core import paths
from core.access import users
from core.access.sharing import Share
from core.access.users import User
from core.cli.common import Args, Outcome
from core.images.library import Library
from core.types import ImageSet
from core.wording import counted


def demo_flags(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--if-empty", action="store_true", help="install only if there are no data sets yet")


def delete_flags(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("name", help="name of the data set")


def demo(args: Args) -> Outcome:
    from demo.install import install  # the only import from outside core

    library = Library()
    if args.if_empty and library.names():
        return {
            "added": [],
            "present": [],
            "seconds": 0.0,
            "text": "Data sets exist already; nothing was installed.",
        }
    done = install(library)
    lines = [f"{name}: added" for name in done.added] + [
        f"{name}: already installed" for name in done.present
    ]
    return {**asdict(done), "text": "\n".join([*lines, f"{done.seconds:.1f} s"])}


def sets(args: Args) -> Outcome:
    facts = [describe(image_set) for image_set in Library().all()]
    lines = [f"{fact['name']}: {counted(fact['n'], 'image')}, {counts(fact)}" for fact in facts]
    empty = "No data sets yet: python -m core import PATH --name NAME"
    return {"sets": facts, "text": "\n".join(lines) or empty}


def delete(args: Args) -> Outcome:
    Library().delete(args.name)
    return {"deleted": args.name, "text": f"{args.name} was deleted."}


def describe(image_set: ImageSet) -> Outcome:
    return {
        "name": image_set.name,
        "layout": image_set.layout,
        "view": image_set.view,
        "n": len(image_set),
        "roles": image_set.counts("role"),
        "labels": image_set.counts("label"),
        "groups": len({file.group for file in image_set.files if file.group}),
        "part": image_set.part,
        "pair": image_set.pair,
        "duplicates": [[file.name for file in group] for group in image_set.duplicates],
        "content": image_set.content,
    }


def counts(facts: Outcome) -> str:
    counts = facts["labels"] or facts["roles"]
    return ", ".join(f"{count} {name}" for name, count in counts.items())


def share_flags(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("name", help="name of the data set")
    sub.add_argument(
        "--with",
        dest="given",
        action="append",
        default=[],
        metavar="WHO",
        help="e-mail address or code of a user",
    )
    sub.add_argument(
        "--revoke", action="append", default=[], metavar="WHO", help="stop sharing with this user"
    )
    everyone = sub.add_mutually_exclusive_group()
    everyone.add_argument("--everyone", action="store_true", help="share with everyone who signs in")
    everyone.add_argument("--nobody", action="store_true", help="stop sharing with everyone")


def share(args: Args) -> Outcome:
    """Without a flag, report whom the data set is shared with."""
    library = Library()

    def change(share: Share) -> Share:
        share = Share() if args.nobody else share
        for who in args.revoke:
            share = share.taken(who)
        for who in args.given:
            share = share.given(who)
        return Share(share.people, share.pending, share.everyone or args.everyone)

    names = library.share(args.name, change).names()
    words = f"{args.name} is shared with {', '.join(names) or 'nobody'}."
    return {"set": args.name, "shared_with": names, "text": words}


def list_users(args: Args) -> Outcome:
    """All users who have signed in, with the number of their data sets."""
    rows = [_row(user) for user in users.known()]
    lines = [
        f"{r['id']}  {r['title']}, {r['email'] or 'no address'}: {counted(r['sets'], 'data set')}"
        for r in rows
    ]
    return {"users": rows, "text": "\n".join(lines) or "Nobody has signed in yet."}


def _row(user: User) -> dict[str, Any]:
    sets = len(list(paths.base(user.id).glob("sets/*.json")))
    return {"id": user.id, "title": user.title, "email": user.email, "sets": sets, "admin": user.admin}
