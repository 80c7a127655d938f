"""The rights that a sandboxed process gives up, irrevocably, before it reads untrusted bytes.

Enforced by the kernel (Linux): at most 2 GB of address space, no bytes written to files, no core dump, and
with a seccomp filter on x86-64 and ARM64 no sockets, no new programs, and no file opened for writing,
created, renamed or removed. Enforced by Python's audit hook on every system: the same, for Python code only.
Still allowed is reading the files that this user may read; what was read can leave only through the pipe.
"""

import ctypes
import os
import platform
import resource
import struct
import sys
from typing import Any

MEMORY = 2 * 2**30  # bytes of address space of the image decoder

# Prefixes of Python's audit events (docs.python.org/3/library/audit_events.html).
FORBIDDEN = (
    *("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn"),
    *("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod"),
    *("os.chown", "os.utime", "os.kill", "os.putenv", "shutil.", "tempfile.", "ctypes.dlopen"),
)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

# Numbers of system calls: (x86-64, ARM64), -1 where there is none of that name.
CALLS = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "execve": (59, 221),
    "execveat": (322, 281),
    "fork": (57, -1),
    "vfork": (58, -1),
    "kill": (62, 129),
    "ptrace": (101, 117),
    "process_vm_writev": (311, 271),
    "io_uring_setup": (425, 425),
    "creat": (85, -1),
    "openat2": (437, 437),
    "mkdir": (83, -1),
    "mkdirat": (258, 34),
    "rmdir": (84, -1),
    "unlink": (87, -1),
    "unlinkat": (263, 35),
    "rename": (82, -1),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "link": (86, -1),
    "linkat": (265, 37),
    "symlink": (88, -1),
    "symlinkat": (266, 36),
    "truncate": (76, 45),
    "chmod": (90, -1),
    "fchmodat": (268, 53),
    "mknod": (133, -1),
    "mknodat": (259, 33),
}
OPENING = {"open": (2, -1, 1), "openat": (257, 56, 2)}  # the last number is the argument that holds the flags
# The column above, and AUDIT_ARCH from <linux/audit.h>.
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

# <linux/filter.h>: BPF_LD|W|ABS, JEQ, JGE, JSET, RET
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050001, 0x80000000  # <linux/seccomp.h>; REFUSE gives EPERM
X32 = 0x40000000  # from here on, x86-64's second set of calls
NUMBER, ARCH, ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
NO_NEW_PRIVILEGES, SET_SECCOMP, FILTER = 38, 22, 2  # <linux/prctl.h>


def isolate(memory: int = MEMORY) -> None:
    """Isolate this process; ``memory`` in bytes. Raises OSError if Linux refuses a limit."""
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    if sys.platform == "linux" and platform.machine() in MACHINES:
        _filter(*MACHINES[platform.machine()])
    sys.addaudithook(_refuse)


def _limit(what: int, most: int) -> None:
    try:
        resource.setrlimit(what, (most, most))
    except (OSError, ValueError):
        if sys.platform == "linux":  # macOS has no limit on address space
            raise


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(FORBIDDEN) or (event == "open" and _writes(arguments)):
        raise PermissionError(f"{event} is forbidden here")


def _writes(arguments: tuple[Any, ...]) -> bool:
    return isinstance(arguments[2], int) and bool(arguments[2] & WRITING)


def _filter(column: int, machine: int) -> None:
    """seccomp: the calls above fail with EPERM; those of another architecture end the process."""
    program = [_op(LOAD, ARCH), _op(EQUAL, machine, 1, 0), _op(RETURN, KILL), _op(LOAD, NUMBER)]
    program += [_op(AT_LEAST, X32, 0, 1), _op(RETURN, KILL)]
    for numbers in CALLS.values():
        if numbers[column] >= 0:
            program += [_op(EQUAL, numbers[column], 0, 1), _op(RETURN, REFUSE)]
    for *opening, flags in OPENING.values():
        if opening[column] >= 0:
            program += [_op(EQUAL, opening[column], 0, 4), _op(LOAD, ARGUMENTS + 8 * flags)]
            program += [_op(ANY_BIT, WRITING, 0, 1), _op(RETURN, REFUSE), _op(RETURN, ALLOW)]
    program.append(_op(RETURN, ALLOW))
    code = ctypes.create_string_buffer(b"".join(program))
    described = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))  # struct sock_fprog
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_ulong]
    if prctl(NO_NEW_PRIVILEGES, 1, None, 0, 0) or prctl(SET_SECCOMP, FILTER, described, 0, 0):
        raise OSError(ctypes.get_errno(), "the system refuses a seccomp filter")


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)
