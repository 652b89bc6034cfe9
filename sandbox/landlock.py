"""Landlock: file access for a process without any privilege. Knows no policy.

Numbers and structures are those of the kernel's include/uapi/linux/landlock.h. Runs inside the box.
"""

import ctypes
import os

import jail
import kernel

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION_PLEASE, _PATH_BENEATH = 1, 1
READ_FILE, READ_FOLDER = 1 << 2, 1 << 3
WRITE_FILE, TRUNCATE, USE_DEVICE = 1 << 1, 1 << 14, 1 << 15
MAKE_CHARACTER_DEVICE, MAKE_SOCKET, MAKE_BLOCK_DEVICE = 1 << 6, 1 << 9, 1 << 11
_OF_FILES = 1 | WRITE_FILE | READ_FILE | TRUNCATE | USE_DEVICE
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""Version → how many rights over files it knows; later ones know as many as the fifth."""
_ALL_TCP = 0b11
_SIGNALS = 0b10
_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11
SCOPES = 6
"""The first version that knows whom a process may signal."""


class _Rules(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("tcp", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _Path(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("fd", ctypes.c_int32))


def version():
    """Return the version that this kernel offers.

    Raises:
        OSError: it offers none.

    """
    return kernel.syscall(_CREATE, None, 0, _VERSION_PLEASE, what="landlock")


def call_to_be_alone():
    """Return the system call that closes a process off from signalling any it has not made; needs version SCOPES."""
    rules = _Rules(0, 0, _SIGNALS)
    return _RESTRICT, kernel.syscall(_CREATE, ctypes.byref(rules), ctypes.sizeof(rules), 0, what="landlock"), 0


class Walls:
    """Which files this process, and what it forks, may reach once `close` was called; none but those opened up."""

    def __init__(self):
        """Start with everything refused that this kernel's version knows."""
        self.version = version()
        self._known = (1 << _FILE_RIGHTS.get(self.version, 16)) - 1
        rules = _Rules(self._known, _ALL_TCP, _ABSTRACT_SOCKETS_AND_SIGNALS)
        size = 8 if self.version < 4 else 16 if self.version < 6 else 24
        self._fd = kernel.syscall(_CREATE, ctypes.byref(rules), size, 0, what="landlock")

    def show(self, path, *, hidden=()):
        """Open a file, or a folder and all below it, for reading, but for the folders `hidden`.

        The names in a folder that holds a hidden one can be listed all the way down: rights are inherited.
        """
        within = [place for place in hidden if place.startswith(f"{path}/")]
        if path in hidden or os.path.islink(path):
            return
        if not within:
            self._allow(path, READ_FILE | READ_FOLDER)
            return
        self._allow(path, READ_FOLDER)
        for name in os.listdir(path):
            self.show(f"{path}/{name}", hidden=within)

    def open_device(self, path):
        """Open a device for reading and writing."""
        self._allow(path, READ_FILE | WRITE_FILE)

    def open_folder(self, path):
        """Open a folder for everything but devices and sockets."""
        self._allow(path, self._known & ~(1 | MAKE_CHARACTER_DEVICE | MAKE_SOCKET | MAKE_BLOCK_DEVICE | USE_DEVICE))

    def close(self):
        """Put the walls up, for good."""
        kernel.syscall(_RESTRICT, self._fd, 0, what="landlock")
        os.close(self._fd)

    def _allow(self, path, rights):
        try:
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        except PermissionError as error:
            raise jail.Unreachable(f"{path} cannot be reached, since a folder above it is closed") from error
        try:
            rights &= self._known if os.path.isdir(path) else self._known & _OF_FILES
            rule = _Path(rights, fd)
            kernel.syscall(_ADD, self._fd, _PATH_BENEATH, ctypes.byref(rule), 0, what=f"landlock {path}")
        finally:
            os.close(fd)
