"""The descriptors of one worker: the child's at 0 to 3, the server's out of its way. Knows nothing of what they carry.

The same pipes serve all children in turn, because new ones would cost each child several pages. Runs inside the box.
"""

import ctypes
import fcntl
import os
import select

import child
import pages

FIRST_FREE_FD = 10
"""Below are the child's: null, its two outputs, its report. At and above are the server's, closed in each child."""
READ_BYTES = 65536
"""As much as a pipe usually holds."""
OUTPUT_PIPE_BYTES = 1 << 18
"""Standard output's. All pipes of a user together may hold 64 MiB before the system grants no more."""
REPORT_BYTES = 1 << 16
"""More than any report of ours."""
SHORT_BYTES = 400
"""More than a report that all went well; Python's own allocator has room for it."""


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
        self._used = [0, 0, 0]
        """How much of the room for report, output and errors the present child has filled."""

    def make_room(self, most_bytes):
        """Take memory for what a child writes: as much output as it may, and as many errors; more is dropped.

        It is outside of the heap, which would grow by what the most talkative child wrote, and no child has it.

        Raises:
            OSError: there is not as much.

        """
        sizes = REPORT_BYTES, most_bytes + 1, most_bytes + 1
        self.room_bytes = -(-sum(sizes) // pages.SMALL) * pages.SMALL
        self._place = pages.taken(self.room_bytes)
        if self._place is None:
            raise OSError(f"there is no memory for {most_bytes} bytes of output")
        pages.keep_from_children(self._place, self.room_bytes)
        whole = memoryview((ctypes.c_char * self.room_bytes).from_address(self._place)).cast("B")
        starts = 0, sizes[0], sizes[0] + sizes[1]
        self._rooms = [whole[start : start + size] for start, size in zip(starts, sizes, strict=True)]

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
        return self._used[1] + self._used[2]

    def emptied(self):
        """Read what an ended child left in the pipes; return all that it wrote, as report, output and errors.

        Much of it stays where it was read to, until `forget` or the next child. Also undoes what the child may have
        done to the pipes: their flags stay with them for the next. (Their size cannot be changed; the filters refuse
        it.)
        """
        parts = None
        if self._pipes.poll(0) == self._report_alone and not any(self._used):
            report = os.read(self._readers[0], SHORT_BYTES)
            if len(report) < SHORT_BYTES:
                parts = report, b"", b""
            else:
                self._rooms[0][:SHORT_BYTES], self._used[0] = report, SHORT_BYTES
        if parts is None:
            while events := self._pipes.poll(0):
                self._read(events)
            parts = [room[:used] for room, used in zip(self._rooms, self._used, strict=True)]
            self._used = [0, 0, 0]
        for fd in child.WRITTEN_FDS:
            fcntl.fcntl(fd, fcntl.F_SETFL, os.O_WRONLY)
        return parts

    def forget(self):
        """Give back the memory of what `emptied` returned."""
        pages.clear(self._place, self.room_bytes)

    def _read(self, events):
        """Read once from each pipe that has something."""
        for fd, _ in events:
            position = self._positions.get(fd)
            if position is None:
                continue
            room = self._rooms[position][self._used[position] :]
            if room:
                self._used[position] += os.readv(fd, (room[:READ_BYTES],))
            else:
                os.read(fd, READ_BYTES)


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
