"""Hosts in one of two ways: the client's, on which the scheduler runs as well, and those of three workers."""

import functools
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

CLIENT, *WORKERS = NAMES = ("client", "worker1", "worker2", "worker3")
ADDRESSES = {name: f"10.77.0.{number}" for number, name in enumerate(NAMES, 1)}
FORCED = "IMPRINT_TEST_HOSTS"  # apart or together, whatever this machine allows
NAMESPACES = ("net", "pid", "mnt")
OWN = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
SWITCH = f"""
mount -t tmpfs tmpfs /run
ip link set lo up
ip link add switch type bridge
ip address add {ADDRESSES[CLIENT]}/24 dev switch
ip link set switch up
"""
WIRE = """
ip netns add {name}
ip link add {name} type veth peer name eth0 netns {name}
ip link set {name} master switch up
ip -n {name} link set lo up
ip -n {name} address add {address}/24 dev eth0
ip -n {name} link set eth0 up
"""
LAID = SWITCH + "".join(WIRE.format(name=name, address=ADDRESSES[name]) for name in WORKERS)
MOVE_IN = 'mount --bind "$0/$1" "$0"; cd "$0"; shift; exec "$@"'  # over the folder of all lies its own


class Apart:
    """Each host has a network, processes and a folder of its own; the client's is the switch between them."""

    entered = (*OWN, "--map-root-user", "--net")  # by the client: in there it may make the other hosts

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        subprocess.run(["sh", "-ec", LAID], check=True)

    def address(self, name: str) -> str:
        return ADDRESSES[name]

    def inside(self, name: str) -> list[str]:
        """The command that runs another on a host."""
        if name == CLIENT:
            return []
        return ["nsenter", f"--net=/run/netns/{name}", *OWN, "sh", "-ec", MOVE_IN, str(self.folder), name]

    def cut_off(self, name: str, process: subprocess.Popen) -> None:
        """Its link is down: it works on, and no connection is closed."""
        subprocess.run(["ip", "link", "set", name, "down"], check=True)


class Together:
    """Each host has a process and a folder of its own; the network is this machine's loopback."""

    entered = ()

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def address(self, name: str) -> str:
        return "127.0.0.1"

    def inside(self, name: str) -> list[str]:
        return []

    def cut_off(self, name: str, process: subprocess.Popen) -> None:
        """Halted, which is next to it: nothing is answered, and no connection is closed."""
        process.send_signal(signal.SIGSTOP)


WAYS = {"apart": Apart, "together": Together}


@functools.cache
def way() -> str:
    """Apart where this machine allows it, which is tried once."""
    if forced := os.environ.get(FORCED):
        return forced
    if not all(shutil.which(tool) for tool in ("unshare", "nsenter", "ip")):
        return "together"
    attempt = f"{LAID} nsenter --net=/run/netns/{WORKERS[0]} {' '.join(OWN)} true"
    tried = subprocess.run([*Apart.entered, "sh", "-ec", attempt], capture_output=True)
    return "together" if tried.returncode else "apart"


def seen(folder: str, port: int) -> dict[str, object]:
    """What the process that asks has of its own, and what it sees of others: a port of the client's loopback,
    a way to elsewhere, and their folders."""
    with socket.socket() as near, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        return {
            "namespaces": namespaces(),
            "loopback": near.connect_ex(("127.0.0.1", port)) == 0,
            "elsewhere": far.connect_ex(("192.0.2.1", 9)) == 0,  # a look at the routes, nothing is sent
            "folders": [name for name in NAMES if (Path(folder) / name).exists()],
        }


def namespaces() -> list[str]:
    """By their inodes, as net:[4026531840]."""
    return [Path(f"/proc/self/ns/{kind}").resolve().name for kind in NAMESPACES]
