"""The filter of system calls that a sandboxed tool may not make, compiled by the C library libseccomp."""

from __future__ import annotations

import ctypes
import errno
import os
import tempfile
from functools import lru_cache

DENIED = """
ptrace mount umount2 pivot_root unshare setns keyctl add_key request_key bpf perf_event_open userfaultfd
io_uring_setup io_uring_enter io_uring_register kexec_load kexec_file_load init_module finit_module delete_module
process_vm_readv process_vm_writev open_by_handle_at name_to_handle_at fsopen fsconfig fsmount fspick move_mount
open_tree mount_setattr swapon swapoff reboot acct quotactl chroot settimeofday clock_settime clock_adjtime adjtimex
mknod mknodat syslog vhangup personality pidfd_getfd
""".split()  # noqa: SIM905
NETWORK_FAMILIES = (2, 10, 16, 17, 40)  # IPv4, IPv6, netlink, packet, vsock
CLONE_NEWUSER = 0x10000000
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
EQUAL, MASKED_EQUAL = 4, 7


class _Argument(ctypes.Structure):
    _fields_ = [("number", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


@lru_cache
def program() -> bytes | None:
    """Return the filter as a BPF program for `bwrap --seccomp`; None where libseccomp is not installed."""
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        return None
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(ALLOW)))
    if not context:
        return None
    try:
        _add_rules(library, context)
        return _export(library, context)
    finally:
        library.seccomp_release(context)


def _add_rules(library: ctypes.CDLL, context: ctypes.c_void_p) -> None:
    for name in DENIED:
        _refuse(library, context, name, errno.EPERM)
    _refuse(library, context, "clone3", errno.ENOSYS)  # the C library then falls back to clone
    _refuse(library, context, "clone", errno.EPERM, _Argument(0, MASKED_EQUAL, CLONE_NEWUSER, CLONE_NEWUSER))
    for family in NETWORK_FAMILIES:
        _refuse(library, context, "socket", errno.EPERM, _Argument(0, EQUAL, family, 0))


def _refuse(
    library: ctypes.CDLL, context: ctypes.c_void_p, name: str, code: int, argument: _Argument | None = None
) -> None:
    call = library.seccomp_syscall_resolve_name(name.encode())
    if call == -1:
        return  # this machine's kernel interface has no such call
    arguments = (_Argument * 1)(argument) if argument else None
    library.seccomp_rule_add_array(context, ctypes.c_uint32(REFUSE | code), call, 1 if argument else 0, arguments)


def _export(library: ctypes.CDLL, context: ctypes.c_void_p) -> bytes | None:
    with tempfile.TemporaryFile() as file:
        if library.seccomp_export_bpf(context, file.fileno()) != 0:
            return None
        file.seek(0)
        return file.read()


def open_program() -> int | None:
    """Return a file descriptor from which bubblewrap reads the filter; the caller closes it."""
    if (compiled := program()) is None:
        return None
    descriptor = os.memfd_create("filter")
    os.write(descriptor, compiled)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
