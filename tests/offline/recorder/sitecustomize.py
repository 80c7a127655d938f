"""In every Python process of a test: whoever turns to another machine is written down, and refused."""

import ipaddress
import os
import sys

RECORD = os.environ.get("IMPRINT_RECORD")
TURNS = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname")


def _near(event: str, args: tuple) -> bool:
    """Loopback, and sockets that are files of this machine."""
    place = args[0] if event in ("socket.getaddrinfo", "socket.gethostbyname") else args[1]
    if event.startswith("socket.get"):
        host = place.decode() if isinstance(place, bytes) else place
    elif isinstance(place, tuple) and isinstance(place[0], str):
        host = place[0]
    else:
        return True  # a path, the kernel, or where it is connected already
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback or ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _watch(event: str, args: tuple) -> None:
    if event in TURNS and not _near(event, args):
        line = f"{event} {args[-1] if event == 'socket.connect' else args[:2]} by {sys.argv[:3]}\n"
        file = os.open(str(RECORD), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, line.encode())
        os.close(file)
        raise OSError(f"no way out: {line}")


if RECORD:
    sys.addaudithook(_watch)
