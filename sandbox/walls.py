"""What stands around a worker's snippets in each tier of isolation: how it is put up, forked into, and swept.

A, namespaces: a root, a network and process ids of its own. B, Landlock: files by permission, needs no privilege. C:
only system calls are refused. none: limits, no walls. Runs inside the box (standard library only).
"""

import os
import time
from _signal import SIGKILL

import filter as seccomp
import folder
import jail
import kernel
import landlock
import pages
import process

NOBODY = jail.NOBODY
SERVERS_PAGE = 0x1000_8000_0000
"""Where nothing else lies: the middle of 4 GiB, far from all that the kernel places itself."""


class Namespaces:
    """Isolation A: a jail with a temporary file system that is renewed after each snippet that touched it."""

    has_pid_namespaces, page = True, None
    close_behind = None

    def __init__(self, settings):
        self._settings = settings
        self._untouched = 0, 0.0
        self.memory_fd = -1

    def enter(self):
        """Go in; snippets then live in /tmp, and find packages under /packages."""
        self.memory_fd = jail.enter(self._settings)
        self._untouched = jail.mount_temporary(self._settings)
        self.childs_calls = jail.calls_to_leave_privileges()
        os.chdir("/tmp")  # noqa: S108  # the jail's own
        return "/packages"

    def shut(self):
        """Refuse what neither the server nor a snippet needs, from now on."""
        kernel.Filter(seccomp.of_namespaces()).install()

    def is_over_files(self):
        """Say whether the snippet wrote more than it may; here its file system refuses by itself."""
        return False

    def sweep(self, pid):  # the namespace has ended with the process
        """Leave nothing of the snippet behind; return whether there was more than there may be.

        Raises:
            OSError: something could not be removed.

        """
        self._untouched = jail.renewed_temporary(self._settings, self._untouched)
        return False


class Folder:
    """What the tiers without namespaces share: a folder to work in, and sweeping by hand."""

    has_pid_namespaces, page, childs_calls = False, None, ()

    def __init__(self, settings):
        self._root = settings["root"]
        self._work = f"{settings['root']}/work"
        self._most = {"most_bytes": settings["files_mb"] << 20, "most_files": settings["files_count"]}
        self._untouched = self._mode = 0
        self._emptied_at = 0.0
        self.memory_fd = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)

    def enter(self):
        """Stand in the folder; packages are found beside it."""
        os.umask(0o022)
        os.chdir(self._work)
        self._look_at_empty()
        return f"{self._root}/packages"

    def shut(self):
        """Put nothing up."""

    def close_behind(self):
        """In the child: keep its signals from whoever started this, and end with the server."""
        os.setsid()
        kernel.die_with_server()

    def is_over_files(self):
        """Return whether the snippet has written more, or more files, than it may."""
        return folder.is_over(self._work, **self._most)

    def sweep(self, pid):
        """End what is left of the snippet's process group, and empty the folder if it was touched."""
        try:
            os.killpg(pid, SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        return self.empty_folder()

    def empty_folder(self):
        """Empty the folder if it was touched; return whether there was more in it than there may be."""
        found = os.stat(self._work)
        is_certain = time.monotonic() > self._emptied_at + jail.COARSEST_CLOCK_SECONDS
        if found.st_ctime_ns == self._untouched and (is_certain or not os.listdir(self._work)):
            return False
        if found.st_mode != self._mode:
            os.chmod(self._work, self._mode & 0o7777)
        size, count = folder.empty(self._work)
        self._look_at_empty()
        return size > self._most["most_bytes"] or count > self._most["most_files"]

    def _look_at_empty(self):
        found = os.stat(self._work)
        self._untouched, self._mode, self._emptied_at = found.st_ctime_ns, found.st_mode, time.monotonic()


class Refusals(Folder):
    """Isolation C: no processes, no network, no signals to others, no writing; reading is as free as its user."""

    changes_nothing = True

    def __init__(self, settings):
        super().__init__(settings)
        self._landlock = 0
        self._is_owner = os.geteuid() != 0
        program = seccomp.of_child()
        self._of_child = kernel.Filter(program)
        self._own_process_places = seccomp.own_process_places(program)

    def enter(self):
        """Become nobody where the operator is root; give up every capability."""
        packages = super().enter()
        if not self._is_owner:
            os.chmod(self._root, 0o711)  # noqa: S103  # nobody has to pass through
            os.chown(self._work, NOBODY, NOBODY)
            self._look_at_empty()
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            for path in (os.__file__, self._work):
                _refuse_unreachable(path)
        kernel.forbid_new_privileges()
        kernel.keep_capabilities()
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)  # so that no snippet reads this process through /proc
        return packages

    def shut(self):
        """Refuse what neither the server nor a snippet needs, from now on."""
        program = seccomp.of_servers(
            changes_nothing=self.changes_nothing,
            is_owner=self._is_owner,
            landlock=self._landlock,
            servers_page=self.page,
        )
        kernel.Filter(program).install()

    def close_behind(self):
        """In the child: no processes, no signals but to itself."""
        os.setsid()
        kernel.die_with_server()
        self._of_child.put(self._own_process_places, os.getpid())
        self._of_child.install()

    def sweep(self, pid):  # none could be made
        """Empty the folder if it was touched; no process of the snippet can be left."""
        return self.empty_folder()


class Landlock(Refusals):
    """Isolation B: as C, but files are opened up one by one, and the folder may be written to."""

    changes_nothing = False

    def __init__(self, settings):
        super().__init__(settings)
        self._settings = settings

    def enter(self):
        """Become nobody if possible, and close off every file but those that a snippet needs."""
        packages = super().enter()
        walls = landlock.Walls()
        self._landlock = walls.version
        for path in self._settings["read_only"]:
            walls.show(path, hidden=self._settings["hidden"])
        for path in (*self._settings["packages"], packages):
            walls.show(path)
        for device in jail.DEVICES:
            walls.open_device(f"/dev/{device}")
        walls.open_folder(self._work)
        walls.close()
        if walls.version >= landlock.SCOPES and process.place_of_thread_id() is not None:
            self.page = pages.taken(pages.SMALL, SERVERS_PAGE)
        if self.page is not None:
            pages.keep_from_children(self.page, pages.SMALL)
            self.childs_calls = kernel.DIE_WITH_SERVER, landlock.call_to_be_alone()
            self.close_behind = None
        return packages


TIERS = {"A": Namespaces, "B": Landlock, "C": Refusals, "none": Folder}


def _refuse_unreachable(path):
    try:
        os.close(os.open(path, os.O_RDONLY))
    except PermissionError as error:
        raise jail.Unreachable(f"{path} cannot be reached, since a folder above it is closed") from error
