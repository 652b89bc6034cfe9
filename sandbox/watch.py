"""When to do what about a child that takes its time. Knows the clock, and neither pipes nor files.

Runs inside the box (standard library only).
"""

import os
import time

PROCESSORS = len(os.sched_getaffinity(0))
"""How many times as fast as the clock a child's processor time can pass."""
SHORTEST_PAUSE = 0.002
WORKING_SHARE = 0.02
"""A child that uses less of the elapsed time counts as waiting; one of 16 that share a processor gets thrice that."""
LONGEST_WAIT = 10
"""Times the limit of elapsed time, after which it counts for working children, too."""
LOOK_SECONDS = 0.1
"""How often the files of a running snippet are counted where no file system limits them."""


class Watch:
    """When to do what about a child that takes its time.

    Elapsed time is a backstop for programs that wait, not a limit for those that work on a busy machine: once it is
    over, a child that goes on using the processor gets more, until its processor time or the longest wait is used up.
    """

    def __init__(self, pid, started, *, cpu_seconds, wall_seconds):
        self._clock = (~pid << 3) | 2  # the processor time of another process, as clock_getcpuclockid(3) makes it
        self._cpu_seconds = cpu_seconds
        self._work = time.monotonic() + cpu_seconds / PROCESSORS
        self._deadline = started + wall_seconds
        self._last = started + LONGEST_WAIT * wall_seconds
        self._extension = max(wall_seconds / 4, 0.25)
        self._seen = (started, 0.0)
        self._look = time.monotonic() + LOOK_SECONDS
        self._look_began = 0.0

    def pause(self):
        """Return how many seconds may pass before something has to be asked again."""
        return max(0, min(self._work, self._deadline, self._look) - time.monotonic())

    def is_out_of_work(self):
        """Return whether the child has used its processor time; asked for no earlier than it can have."""
        now = time.monotonic()
        if now < self._work:
            return False
        left = self._cpu_seconds - time.clock_gettime(self._clock)
        self._work = now + max(left / PROCESSORS, SHORTEST_PAUSE)
        return left <= 0

    def is_idle_too_long(self):
        """Return whether the time is over and the child was not even working."""
        now = time.monotonic()
        if now < self._deadline:
            return False
        used = time.clock_gettime(self._clock)
        elapsed, worked = now - self._seen[0], used - self._seen[1]
        self._seen = now, used
        self._deadline = now + self._extension
        return worked < WORKING_SHARE * elapsed or now >= self._last

    def is_time_to_look(self):
        """Return whether to count files, from now on."""
        now = time.monotonic()
        self._look_began = now
        return now >= self._look

    def looked(self):
        """Say when to count again: counting must not take more than a tenth of the time."""
        now = time.monotonic()
        self._look = now + max(LOOK_SECONDS, 10 * (now - self._look_began))
