"""``share`` and ``users``: for a server with several users.

The command line acts as the local user, who owns everything it imports; others see what is shared with them.
"""

import argparse
from typing import Any

from core import paths
from core.access import users
from core.access.sharing import Share
from core.access.users import User
from core.cli.common import Args, Outcome
from core.images.library import Library
from core.wording import counted


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
