"""The fork server of one worker: enters the jail once, then runs each job in a child of its own.

Started by path as `python -s -S -P -B server.py FD`, FD being a connected stream socket. Each job and each answer is
one frame: the length of a JSON header (4 bytes, big-endian), the header, then the byte strings whose lengths the
header's `sizes` gives. The first frame from the operator holds the settings; the first answer says whether the jail
holds. Single-threaded; never compiles, decodes or imports anything of a snippet. Standard library only.
"""

import gc
import json
import os
import select
import signal
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import child  # noqa: E402  # found only after the line above
import jail  # noqa: E402
import kernel  # noqa: E402

RESULT_BYTES = 64_000
DRAIN_SECONDS = 0.2


def main():
    """Serve jobs until the operator hangs up."""
    connection = socket.socket(fileno=int(sys.argv[1]))
    settings, _ = receive(connection)
    try:
        own_namespace = None
        free = 0
        if settings["confined"]:
            own_namespace = jail.enter(settings)
            free = jail.mount_temporary(settings)
        sys.path.append("/packages") if settings["confined"] else sys.path.extend(settings["package_folders"])
        for name in settings["preload"]:
            __import__(name)
    except OSError as error:
        send(connection, {"ready": False, "reason": str(error)})
        return
    base_bytes = int(open_statm().split()[0]) * os.sysconf("SC_PAGE_SIZE") if not settings["confined"] else BASE_BYTES
    gc.collect()
    gc.freeze()
    send(connection, {"ready": True})
    while True:
        frame = receive(connection)
        if frame is None:
            return
        job, code = frame
        job["address_space_bytes"] = base_bytes + job["memory_bytes"]
        os.chdir("/tmp" if settings["confined"] else settings["root"])  # noqa: S108  # the jail's own
        header, parts = run(job, code, own_namespace)
        if settings["confined"]:
            free = jail.renew_temporary(settings, free)
        send(connection, header, *parts)


def open_statm():
    """Return this process's memory figures as the kernel words them."""
    with open("/proc/self/statm") as file:
        return file.read()


def run(job, code, own_namespace):
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
        parts, fired = _watched(job, pid, watch, [read_end for read_end, _ in pipes], started)
    finally:
        os.close(watch)
        for read_end, _ in pipes:
            os.close(read_end)
    _, status, usage = os.wait4(pid, 0)
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
        result = os.dup2(result, 200, inheritable=False)
        for source, target in ((null, 0), (out, 1), (err, 2)):
            os.dup2(source, target)
        os.closerange(3, 200)
        os.closerange(201, 4096)
        child.run(job, code, result, confined=own_namespace is not None)
    finally:
        os._exit(70)


def _watched(job, pid, watch, readers, started):
    """Collect what the child writes until it ends or a limit fires; returns (parts, limit or None)."""
    parts = [bytearray(), bytearray(), bytearray()]
    limits = [RESULT_BYTES, job["output_bytes"], job["output_bytes"]]
    poller = select.poll()
    for reader in readers:
        os.set_blocking(reader, False)
        poller.register(reader, select.POLLIN)
    poller.register(watch, select.POLLIN)
    deadline = started + job["wall_seconds"]
    fired, ended = None, False
    while not ended:
        remaining = deadline - time.monotonic()
        if remaining <= 0 and fired is None:
            fired = "wall_timeout"
            os.kill(pid, signal.SIGKILL)
        for fd, _ in poller.poll(max(0, remaining) * 1000 if fired is None else 1000):
            if fd == watch:
                ended = True
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
    BASE_BYTES = int(open_statm().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    main()
