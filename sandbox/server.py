"""The fork server of one worker: enters its walls once, then runs each job in a child of its own.

Started by path as `python -s -S -P -B server.py FD`, FD being a connected stream socket. The operator first sends the
settings (4 bytes of length, then a `marshal` of plain values) and hears whether the walls hold; then, over and over, a
JOB header and the code, answered by an ANSWER header and what the child wrote. Single-threaded; never compiles, decodes
or imports anything of a snippet. Standard library only.

What a child costs is mostly pages: those that it or this process writes to between fork and exit are copied, about
2 µs each. Hence the pipes that serve all children in turn, everything prepared before the fork, few modules, and as
little as possible done while a child lives.
"""

import gc
import marshal
import os
import struct
import sys
import time
from _signal import SIGKILL

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

# What modules want done after a fork (reseeding, new locks) costs a child 0.8 ms. A child of this single-threaded
# server needs none of it: no lock is held at the fork, and the seed is meant to be fixed. Undone before snippets run.
register_at_fork = os.register_at_fork
os.register_at_fork = lambda **_: None

import channels as channelling  # noqa: E402  # found only after the lines above
import child  # noqa: E402
import jail  # noqa: E402
import kernel  # noqa: E402
import memory  # noqa: E402
import process as processing  # noqa: E402
import walls  # noqa: E402
import watch as watching  # noqa: E402

JOB = struct.Struct(">I?q16s")
"""Length of the code, whether it runs bare, the random seed, the nonce. The operator has the same line."""
ANSWER = struct.Struct(">BiddQIII")
"""Limit that fired, exit code, elapsed and processor seconds, peak memory, lengths of report, stdout and stderr."""
NOTHING_FIRED, WALL_FIRED, OUTPUT_FIRED, FILES_FIRED, CPU_FIRED = range(5)
MOMENT_SECONDS = 0.01
"""How long a child is left alone before its pipes are read: most have ended by then."""
USUAL_BYTES = 8192
"""What most jobs and most outputs fit into."""


def main():
    """Serve jobs until the operator hangs up."""
    connection = int(sys.argv[1])
    for name in ("LD_BIND_NOW", "PYTHONMALLOC"):
        os.environ.pop(name, None)
    (length,) = struct.unpack(">I", channelling.received(connection, 4))
    settings = marshal.loads(channelling.received(connection, length))  # noqa: S302  # the operator's own
    wall = walls.TIERS[settings["tier"]](settings)
    layout = memory.Memory(settings["pymalloc"])
    try:
        packages = wall.enter()
        wall.memory_fd = channelling.moved(wall.memory_fd)
        sys.path.append(packages)
        for name in settings["preload"]:
            try:
                __import__(name)
            except ImportError:  # numpy is named there, and is only here where the policy allows it
                pass
        os.register_at_fork = register_at_fork
        channels = channelling.Channels(connection)
        channels.make_room(settings["output_bytes"])
        connection = channels.connection
        wall.shut()
        child.prepare(settings)
        child.rehearse()
        server = Server(settings, wall, channels, layout)
    except OSError as error:
        is_unreachable = isinstance(error, jail.Unreachable)
        reason = " ".join(filter(None, (error.strerror or str(error), error.filename)))
        reply(connection, {"ready": False, "reason": reason, "unreachable": is_unreachable})
        return
    server.serve()


def memory_bytes(fd):
    """Return the address space that this process maps now."""
    return int(os.pread(fd, 100, 0).split()[0]) * os.sysconf("SC_PAGE_SIZE")


class Server:
    """Runs jobs, one at a time."""

    def __init__(self, settings, wall, channels, layout):
        self.wall = wall
        self.channels = channels
        self.layout = layout
        self.child = processing.Process(
            channels.connection,
            moment_seconds=MOMENT_SECONDS,
            in_new_pid_namespace=wall.has_pid_namespaces,
            childs_calls=wall.childs_calls,
            page=wall.page,
        )
        self.memory_bytes = settings["memory_bytes"]
        self.wall_seconds = settings["wall_seconds"]
        self.output_bytes = settings["output_bytes"]
        self.cpu_seconds = settings["cpu_seconds"]
        # The kernel's own limit counts whole seconds, roughly; it holds where this process cannot keep up.
        self.cpu_limit = kernel.value_within(kernel.RLIMIT_CPU, int(-(-self.cpu_seconds // 1)) + 1)

    def serve(self):
        """Fork a child for each job, watch it, and send the answer, until the operator hangs up.

        Whatever this loop touches lies on a page that the last fork made dear. So it works with names of its own, and
        asks little of others in the common case: a short job, a child that ends soon and wrote nothing but its report.
        """
        connection, emptied, forget = self.channels.connection, self.channels.emptied, self.channels.forget
        receive, send, fork, reap = os.readv, channelling.sent, self.child.run, self.child.reap
        run, close_behind, sweep = child.run, self.wall.close_behind, self.wall.sweep
        now, unpack, pack, exit_code = time.monotonic, JOB.unpack_from, ANSWER.pack, os.waitstatus_to_exitcode
        header, fired, is_swept = JOB.size, NOTHING_FIRED, True
        # Not into memory that is allocated for each: what is freed again leaves holes, which children would fill.
        usual, zeros = memoryview(bytearray(USUAL_BYTES)), bytes(USUAL_BYTES)
        into = (usual,)
        self._settle()
        while size := receive(connection, into):
            is_whole = size >= header and size == header + unpack(usual)[0]
            message = usual[:size] if is_whole else self._completed(usual[:size])
            _, bare, seed, nonce = unpack(message)
            started = now()
            pid, has_ended = fork()
            if pid == 0:
                run(message[header:], bare, seed, nonce, close_behind)
            fired = NOTHING_FIRED if has_ended else self._watch(pid, started)
            status, cpu_seconds, peak_memory_bytes = reap(pid)
            usual[:size] = zeros[:size]  # the next child has this memory, too
            elapsed = now() - started
            report, out, err = emptied()
            try:
                if sweep(pid) and fired == NOTHING_FIRED:
                    fired = FILES_FIRED
            except OSError:
                is_swept = False
            if not has_ended:
                self.layout.renew(elapsed)
            lengths = len(report), len(out), len(err)
            answer = pack(fired, exit_code(status), elapsed, cpu_seconds, peak_memory_bytes, *lengths)
            if len(out) + len(err) < USUAL_BYTES:
                send(connection, answer + report + out + err)
            else:
                for part in (answer + report, out, err):
                    send(connection, part)
                forget()
            report = out = err = part = None  # the next child would have them in its frames
            if not is_swept:
                sys.exit("what a snippet left behind could not be removed")

    def _completed(self, start):
        """Return the message that starts so."""
        message = bytes(start)
        while len(message) < JOB.size or len(message) < JOB.size + JOB.unpack_from(message)[0]:
            part = os.read(self.channels.connection, channelling.READ_BYTES)
            message += part or sys.exit("the operator hung up")
        return message

    def _settle(self):
        """Let everything that stays find its place, and say that jobs can come."""
        gc.collect()
        gc.freeze()
        self.layout.arrange()
        inherited_bytes = memory_bytes(self.wall.memory_fd) - self.channels.room_bytes
        kernel.limit(kernel.RLIMIT_AS, inherited_bytes + self.memory_bytes)
        reply(self.channels.connection, {"ready": True})

    def _watch(self, pid, started):
        """Watch a child that takes its time, until it has ended or a limit fired; return which limit."""
        # Only now, because most children end before any limit counts. A hard limit equal to the soft one kills: the
        # first process of a PID namespace is spared SIGXCPU.
        self.child.limit_cpu(pid, self.cpu_limit)
        watch = watching.Watch(pid, started, cpu_seconds=self.cpu_seconds, wall_seconds=self.wall_seconds)
        fired, ended = NOTHING_FIRED, False
        try:
            while not ended:
                if fired == NOTHING_FIRED:
                    fired = self._limit_passed(watch)
                    if fired != NOTHING_FIRED:
                        os.kill(pid, SIGKILL)
                ended = self.channels.has_ended(self.child.pidfd, watch.pause() if fired == NOTHING_FIRED else 1)
        except BaseException:
            os.kill(pid, SIGKILL)
            raise
        return fired

    def _limit_passed(self, watch):
        if self.channels.written() > self.output_bytes:
            return OUTPUT_FIRED
        if watch.is_out_of_work():
            return CPU_FIRED
        if watch.is_idle_too_long():
            return WALL_FIRED
        if watch.is_time_to_look():
            is_over = self.wall.is_over_files()
            watch.looked()
            return FILES_FIRED if is_over else NOTHING_FIRED
        return NOTHING_FIRED


def reply(connection, value):
    """Answer the settings."""
    data = marshal.dumps(value)
    channelling.sent(connection, struct.pack(">I", len(data)) + data)


if __name__ == "__main__":
    words = channelling.moved(os.dup(2))
    status = 0
    try:
        main()
    except channelling.HungUp:
        pass
    except BaseException as error:  # noqa: BLE001  # the operator reads these last words
        import traceback

        text = str(error) if isinstance(error, SystemExit) else traceback.format_exc()
        os.write(words, text.encode("utf-8", "backslashreplace"))
        status = 1
    os._exit(status)  # what the interpreter does at its end is not for memory that was arranged anew
