"""The fork server of one worker: enters the jail once, then runs each job in a child of its own.

Started by path as `python -s -S -P -B server.py FD`, FD being a connected stream socket. Each job and each answer is
one frame: the length of a JSON header (4 bytes, big-endian), the header, then the byte strings whose lengths the
header's `sizes` gives. The first frame from the operator holds the settings; the first answer says whether the jail
holds. Single-threaded; never compiles, decodes or imports anything of a snippet. Standard library only.
"""

import contextlib
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

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

register_at_fork, os.register_at_fork = os.register_at_fork, lambda **_: None
"""What modules want done after a fork (reseeding, new locks) costs a child 0.8 ms. A child of this single-threaded server
needs none of it: no lock is held at the fork, and the seed is meant to be fixed. Undone before the first snippet runs."""

import child  # noqa: E402  # found only after the lines above
import jail
import kernel

RESULT_BYTES = 64_000
RESULT_FD = 200


def main():
    """Serve jobs until the operator hangs up."""
    connection = socket.socket(fileno=int(sys.argv[1]))
    settings, _ = receive(connection)
    place = Place(settings)
    try:
        place.enter()
        for name in settings["preload"]:
            __import__(name)
    except (OSError, ImportError) as error:
        send(connection, {"ready": False, "reason": str(error)})
        return
    os.register_at_fork = register_at_fork
    child.prepare()
    base_bytes = place.memory_bytes()
    gc.collect()
    gc.freeze()
    send(connection, {"ready": True})
    while (frame := receive(connection)) is not None:
        job, code = frame
        job["address_space_bytes"] = base_bytes + job["memory_bytes"]
        place.prepare()
        header, parts = run(job, code, place.own_namespace, connection)
        place.clean()
        send(connection, header, *parts)


class Place:
    """Where this worker's snippets live: the jail, or, unconfined, a plain folder."""

    def __init__(self, settings):
        self.settings = settings
        self.confined = settings["confined"]
        self.own_namespace = None
        self.free = 0

    def enter(self):
        """Go in, and make the allowed packages importable."""
        if self.confined:
            self.own_namespace, self.memory = jail.enter(self.settings)
            self.free = jail.mount_temporary(self.settings)
            sys.path.append("/packages")
        else:
            self.memory = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
            sys.path.extend(self.settings["package_folders"])

    def memory_bytes(self):
        """Return the address space that this process maps now."""
        return int(os.pread(self.memory, 100, 0).split()[0]) * os.sysconf("SC_PAGE_SIZE")

    def prepare(self):
        """Stand in the folder where the next snippet starts."""
        if not self.confined:
            os.makedirs(self.settings["root"], exist_ok=True)
        os.chdir("/tmp" if self.confined else self.settings["root"])  # noqa: S108  # the jail's own

    def clean(self):
        """Leave nothing of the last snippet behind."""
        os.chdir("/")
        if self.confined:
            self.free = jail.renew_temporary(self.settings, self.free)
        else:
            shutil.rmtree(self.settings["root"], ignore_errors=True)


def run(job, code, own_namespace, connection):
    """Fork a child for one job, watch it, and return (header, (result, stdout, stderr))."""
    pipes = [os.pipe() for _ in range(3)]
    if own_namespace is not None:
        kernel.unshare(kernel.CLONE_NEWPID)
    started = time.monotonic()
    pid = os.fork()
    if pid == 0:
        _become_child(job, code, pipes, own_namespace)
    if own_namespace is not None:
        kernel.setns(own_namespace, kernel.CLONE_NEWPID)
    for _, write_end in pipes:
        os.close(write_end)
    watch = os.pidfd_open(pid)
    try:
        parts, fired = _watched(job, pid, watch, [read_end for read_end, _ in pipes], connection)
    finally:
        os.close(watch)
        for read_end, _ in pipes:
            os.close(read_end)
    _, status, usage = os.wait4(pid, 0)
    if own_namespace is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    header = {
        "fired": fired,
        "exit_code": os.waitstatus_to_exitcode(status),
        "wall_seconds": time.monotonic() - started,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_memory_bytes": usage.ru_maxrss * 1024,
    }
    return header, [bytes(part) for part in parts]


def _become_child(job, code, pipes, own_namespace):
    try:
        (_, result), (_, out), (_, err) = pipes
        null = os.open("/dev/null", os.O_RDONLY)
        result = os.dup2(result, RESULT_FD, inheritable=False)
        for source, target in ((null, 0), (out, 1), (err, 2)):
            os.dup2(source, target)
        if own_namespace is None:
            os.setsid()
        os.closerange(3, RESULT_FD)
        os.closerange(RESULT_FD + 1, 4096)
        child.run(job, code, result, confined=own_namespace is not None)
    finally:
        os._exit(70)


def _watched(job, pid, watch, readers, connection):
    """Collect what the child writes until it ends or a limit fires; returns (parts, limit or None)."""
    parts = [bytearray(), bytearray(), bytearray()]
    limits = [RESULT_BYTES, job["output_bytes"], job["output_bytes"]]
    poller = select.poll()
    for reader in readers:
        os.set_blocking(reader, False)
        poller.register(reader, select.POLLIN)
    poller.register(watch, select.POLLIN)
    poller.register(connection, select.POLLRDHUP)
    deadline = time.monotonic() + job["wall_seconds"]
    fired, ended = None, False
    while not ended:
        remaining = deadline - time.monotonic()
        if remaining <= 0 and fired is None:
            fired = "wall_timeout"
            os.kill(pid, signal.SIGKILL)
        for fd, _ in poller.poll(max(0, remaining) * 1000 if fired is None else 1000):
            if fd == watch:
                ended = True
            elif fd == connection.fileno():
                os.kill(pid, signal.SIGKILL)
                sys.exit("the operator hung up")
            elif not _drain(fd, readers, parts, limits):
                poller.unregister(fd)
        if fired is None and len(parts[1]) + len(parts[2]) > job["output_bytes"]:
            fired = "output_limit"
            os.kill(pid, signal.SIGKILL)
    for fd in readers:
        _drain(fd, readers, parts, limits)
    return parts, fired


def _drain(fd, readers, parts, limits):
    """Read what is there; False at the end of the pipe. Past its limit a pipe is read once more and cut."""
    position = readers.index(fd)
    while len(parts[position]) <= limits[position]:
        try:
            chunk = os.read(fd, 65536)
        except BlockingIOError:
            return True
        if not chunk:
            return False
        parts[position] += chunk
    return True


def receive(connection):
    """Read one frame: (header, body); None when the operator hung up."""
    start = _exactly(connection, 8)
    if start is None:
        return None
    header_size, body_size = struct.unpack(">II", start)
    header = json.loads(_exactly(connection, header_size))
    return header, _exactly(connection, body_size)


def send(connection, header, *parts):
    """Write one frame."""
    text = json.dumps({**header, "sizes": [len(part) for part in parts]}).encode()
    body = b"".join(parts)
    connection.sendall(struct.pack(">II", len(text), len(body)) + text + body)


def _exactly(connection, size):
    data = bytearray()
    while len(data) < size:
        chunk = connection.recv(min(1 << 20, size - len(data)))
        if not chunk:
            return None
        data += chunk
    return bytes(data)


if __name__ == "__main__":
    main()
