"""The descriptors of one worker: the child's at 0 to 3, the server's out of its way. Knows nothing of what they carry.

The same pipes serve all children in turn, because new ones would cost each child several pages. Runs inside the box.
"""

import fcntl
import os
import select

import child

FIRST_FREE_FD = 10
"""Below are the child's: null, its two outputs, its report. At and above are the server's, closed in each child."""
READ_BYTES = 65536
"""As much as a pipe usually holds."""
OUTPUT_PIPE_BYTES = 1 << 18
"""Standard output's. All pipes of a user together may hold 64 MiB before the system grants no more."""


class HungUp(Exception):
    """The operator is gone."""


class Channels:
    """The connection to the operator, and the pipes from the child."""

    def __init__(self, connection):
        self.connection = moved(connection)
        null = os.open("/dev/null", os.O_RDONLY)
        os.dup2(null, 0)
        pipes = [os.pipe() for _ in range(3)]
        self._readers = []
        for read_end, _ in pipes:
            self._readers.append(moved(read_end))
            os.set_blocking(self._readers[-1], False)
        try:  # so that a child which prints much need not wait until it is read
            fcntl.fcntl(pipes[1][1], fcntl.F_SETPIPE_SZ, OUTPUT_PIPE_BYTES)
        except OSError:
            pass  # the user has too many such pipes
        write_ends = [moved(write_end) for _, write_end in pipes]
        for target, write_end in zip(child.WRITTEN_FDS, write_ends, strict=True):
            os.dup2(write_end, target, inheritable=True)
            os.close(write_end)
        self._pipes = select.poll()
        self._all = select.poll()
        self._all.register(self.connection, select.POLLRDHUP)
        for reader in self._readers:
            self._pipes.register(reader, select.POLLIN)
            self._all.register(reader, select.POLLIN)
        self._positions = {reader: position for position, reader in enumerate(self._readers)}
        self._report_alone = [(self._readers[0], select.POLLIN)]
        self.parts = [b"", b"", b""]
        """What the present child wrote: report, output, errors."""

    def has_ended(self, pidfd, timeout_seconds):
        """Read what the child writes within some time; return whether it has ended.

        Raises:
            HungUp: nobody waits for the answer any more.

        """
        self._all.register(pidfd, select.POLLIN)
        try:
            events = self._all.poll(timeout_seconds * 1000)
        finally:
            self._all.unregister(pidfd)
        self._read(events)
        ready = [fd for fd, _ in events]
        if self.connection in ready:
            raise HungUp
        return pidfd in ready

    def written(self):
        """Return how many bytes of output and errors have been read."""
        return len(self.parts[1]) + len(self.parts[2])

    def emptied(self, most_bytes):
        """Read what an ended child left in the pipes, up to a limit and dropping the rest; return all that it wrote.

        Also undoes what it may have done to the pipes: their flags stay with them for the next child. (Their size
        cannot be changed; the filters refuse it.)
        """
        events = self._pipes.poll(0)
        if events == self._report_alone:
            parts = self.parts
            parts[0] += os.read(self._readers[0], READ_BYTES)
        else:
            while events:
                self._read(events)
                self.parts = [part[: most_bytes + 1] for part in self.parts]
                events = self._pipes.poll(0)
            parts = self.parts
        self.parts = [b"", b"", b""]
        for fd in child.WRITTEN_FDS:
            fcntl.fcntl(fd, fcntl.F_SETFL, os.O_WRONLY)
        return parts

    def _read(self, events):
        """Read once from each pipe that has something."""
        for fd, _ in events:
            position = self._positions.get(fd)
            if position is not None:
                self.parts[position] += os.read(fd, READ_BYTES)


def received(connection, size):
    """Read exactly `size` bytes.

    Raises:
        HungUp: the operator is gone.

    """
    data = b""
    while len(data) < size:
        chunk = os.read(connection, size - len(data))
        if not chunk:
            raise HungUp
        data += chunk
    return data


def sent(connection, data):
    """Write all of `data`."""
    while data:
        data = data[os.write(connection, data) :]


def moved(fd):
    """Return the descriptor moved to FIRST_FREE_FD or above."""
    new = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, FIRST_FREE_FD)
    os.close(fd)
    return new
