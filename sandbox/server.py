"""The fork server of one worker: enters the jail once, then runs each job in a child of its own.

Started by path as `python -s -S -P -B server.py FD`, FD being a connected stream socket. The operator first sends the
settings (4 bytes of length, then JSON) and hears whether the jail holds; then, over and over, a JOB header and the
code, answered by an ANSWER header and what the child wrote. Single-threaded; never compiles, decodes or imports
anything of a snippet. Standard library only.

What a child costs is mostly pages: those that it or this process writes to between fork and exit are copied, about
2 µs each. Hence the pipes that serve all children in turn, everything prepared before the fork, and as little as
possible done while a child lives.
"""

import contextlib
import fcntl
import gc
import json
import os
import select
import shutil
import signal
import socket
import struct
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

# What modules want done after a fork (reseeding, new locks) costs a child 0.8 ms. A child of this single-threaded
# server needs none of it: no lock is held at the fork, and the seed is meant to be fixed. Undone before snippets run.
register_at_fork = os.register_at_fork
os.register_at_fork = lambda **_: None

import child  # noqa: E402  # found only after the lines above
import jail  # noqa: E402
import kernel  # noqa: E402

JOB = struct.Struct(">I?q16s")
"""Length of the code, whether it runs bare, the random seed, the nonce. The operator has the same line."""
ANSWER = struct.Struct(">BiddQIII")
"""Limit that fired, exit code, elapsed and processor seconds, peak memory, lengths of report, stdout and stderr."""
NOTHING_FIRED, WALL_FIRED, OUTPUT_FIRED = range(3)
FIRST_FREE_FD = 10
"""Below are the child's: null, its two outputs, its report. At and above are the server's, closed in each child."""
QUIET_SECONDS = 0.004
"""How long a child is left alone before its pipes are read: most have ended by then."""


def main():
    """Serve jobs until the operator hangs up."""
    connection = socket.socket(fileno=int(sys.argv[1]))
    (length,) = struct.unpack(">I", receive(connection, 4))
    settings = json.loads(receive(connection, length))
    place = Place(settings)
    try:
        place.enter()
        for name in settings["preload"]:
            with contextlib.suppress(ImportError):  # numpy is named there, and is only here where the policy allows it
                __import__(name)
        os.register_at_fork = register_at_fork
        channels = Channels(connection)
        connection = channels.connection
        child.prepare(settings, place.memory_bytes(), confined=place.confined)
    except OSError as error:
        reply(connection, {"ready": False, "reason": str(error)})
        return
    gc.collect()
    gc.freeze()
    reply(connection, {"ready": True})
    server = Server(settings, place, channels)
    while (header := receive(connection, JOB.size)) is not None:
        length, bare, seed, nonce = JOB.unpack(header)
        server.serve(receive(connection, length), bare, seed, nonce)


class Place:
    """Where this worker's snippets live: the jail, or, unconfined, a plain folder."""

    def __init__(self, settings):
        self.settings = settings
        self.confined = settings["confined"]
        self.own_namespace = None
        self.untouched = 0
        self.memory = _moved(os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC))

    def enter(self):
        """Go in, and make the allowed packages importable."""
        if self.confined:
            self.own_namespace, self.memory = (_moved(fd) for fd in jail.enter(self.settings))
            self.untouched = jail.mount_temporary(self.settings)
            sys.path.append("/packages")
            os.chdir("/tmp")  # noqa: S108  # the jail's own
        else:
            sys.path.extend(self.settings["package_folders"])
            self.clean()

    def memory_bytes(self):
        """Return the address space that this process maps now."""
        return int(os.pread(self.memory, 100, 0).split()[0]) * os.sysconf("SC_PAGE_SIZE")

    def clean(self):
        """Leave nothing of the last snippet behind, and stand where the next one starts."""
        if self.confined:
            self.untouched = jail.renewed_temporary(self.settings, self.untouched)
        else:
            os.chdir("/")
            shutil.rmtree(self.settings["root"], ignore_errors=True)
            os.mkdir(self.settings["root"])
            os.chdir(self.settings["root"])


class Channels:
    """The descriptors: the child's at 0 to 3, the server's out of its way."""

    def __init__(self, connection):
        self.connection = socket.socket(fileno=_moved(connection.detach()))
        null = os.open("/dev/null", os.O_RDONLY)
        os.dup2(null, 0)
        pipes = [os.pipe() for _ in range(3)]
        self.readers = []
        for read_end, _ in pipes:
            self.readers.append(_moved(read_end))
            os.set_blocking(self.readers[-1], False)
        moved = [_moved(write_end) for _, write_end in pipes]
        for target, write_end in zip((child.REPORT_FD, 1, 2), moved, strict=True):
            os.dup2(write_end, target, inheritable=True)
            os.close(write_end)
        self.soon = select.poll()
        self.all = select.poll()
        for poller in (self.soon, self.all):
            poller.register(self.connection, select.POLLRDHUP)
        for reader in self.readers:
            self.all.register(reader, select.POLLIN)
        self.positions = {reader: position for position, reader in enumerate(self.readers)}
        self.states = [(fd, *_state(fd)) for fd in (1, 2, child.REPORT_FD)]

    def reset(self):
        """Undo what a child may have done to the pipes that the next one inherits: flags and size."""
        for fd, flags, size in self.states:
            if _state(fd) != (flags, size):
                fcntl.fcntl(fd, fcntl.F_SETFL, flags)
                fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, size)


def _state(fd):
    return fcntl.fcntl(fd, fcntl.F_GETFL), fcntl.fcntl(fd, fcntl.F_GETPIPE_SZ)


def _moved(fd):
    """Return the descriptor moved to FIRST_FREE_FD or above."""
    new = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, FIRST_FREE_FD)
    os.close(fd)
    return new


class Server:
    """Runs jobs, one at a time."""

    def __init__(self, settings, place, channels):
        self.place = place
        self.channels = channels
        self.wall_seconds = settings["wall_seconds"]
        self.output_bytes = settings["output_bytes"]

    def serve(self, code, bare, seed, nonce):
        """Fork a child for one job, watch it, and send the answer."""
        own_namespace = self.place.own_namespace
        if own_namespace is not None:
            kernel.unshare(kernel.CLONE_NEWPID)
        started = time.monotonic()
        pid = os.fork()
        if pid == 0:
            child.run(code, bare, seed, nonce)
        watch = os.pidfd_open(pid)
        parts, fired = self._watched(pid, watch, started)
        _, status, usage = os.wait4(pid, 0)
        elapsed = time.monotonic() - started
        os.close(watch)
        if own_namespace is not None:
            kernel.setns(own_namespace, kernel.CLONE_NEWPID)
        else:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        while self._drained(self.channels.all.poll(0), parts):
            pass
        self.channels.reset()
        self.place.clean()
        header = ANSWER.pack(
            fired,
            os.waitstatus_to_exitcode(status),
            elapsed,
            usage.ru_utime + usage.ru_stime,
            usage.ru_maxrss * 1024,
            *(len(part) for part in parts),
        )
        self.channels.connection.sendall(header + b"".join(parts))

    def _watched(self, pid, watch, started):
        """Wait until the child ends or a limit fires; return (what it wrote so far, which limit)."""
        parts = [bytearray(), bytearray(), bytearray()]
        channels = self.channels
        channels.soon.register(watch, select.POLLIN)
        ended = self._has_ended(channels.soon.poll(QUIET_SECONDS * 1000), watch, pid)
        channels.soon.unregister(watch)
        if ended:
            return parts, NOTHING_FIRED
        fired = NOTHING_FIRED
        deadline = started + self.wall_seconds
        channels.all.register(watch, select.POLLIN)
        while not ended:
            remaining = deadline - time.monotonic()
            if fired == NOTHING_FIRED and remaining <= 0:
                fired = WALL_FIRED
                os.kill(pid, signal.SIGKILL)
            events = channels.all.poll(max(0, remaining) * 1000 if fired == NOTHING_FIRED else 1000)
            ended = self._has_ended(events, watch, pid)
            self._drained(events, parts)
            if fired == NOTHING_FIRED and len(parts[1]) + len(parts[2]) > self.output_bytes:
                fired = OUTPUT_FIRED
                os.kill(pid, signal.SIGKILL)
        channels.all.unregister(watch)
        return parts, fired

    def _drained(self, events, parts):
        """Read once from each pipe that has something; what comes after the limit is read and dropped."""
        something = False
        for fd, _ in events:
            position = self.channels.positions.get(fd)
            if position is not None:
                something = True
                chunk = os.read(fd, 65536)
                if len(parts[position]) <= self.output_bytes:
                    parts[position] += chunk
        return something

    def _has_ended(self, events, watch, pid):
        for fd, _ in events:
            if fd == self.channels.connection.fileno():
                os.kill(pid, signal.SIGKILL)
                sys.exit("the operator hung up")
            if fd == watch:
                return True
        return False


def receive(connection, size):
    """Read exactly `size` bytes; None when the operator hung up."""
    data = connection.recv(size, socket.MSG_WAITALL) if size else b""
    if len(data) == size:
        return data
    if not data:
        return None
    rest = receive(connection, size - len(data))
    return None if rest is None else data + rest


def reply(connection, value):
    """Answer the settings."""
    text = json.dumps(value).encode()
    connection.sendall(struct.pack(">I", len(text)) + text)


if __name__ == "__main__":
    words = _moved(os.dup(2))
    try:
        main()
    except Exception:  # noqa: BLE001  # the operator reads these last words
        os.write(words, traceback.format_exc().encode("utf-8", "backslashreplace"))
        os._exit(1)
