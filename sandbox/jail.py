"""The jail of one worker, entered once: namespaces, a root of its own, a temporary folder that can be renewed.

Guards against what sandbox/README.md lists. Knows nothing of snippets. Runs inside the box (standard library only).
"""

import os
import time
from _signal import SIGKILL

import kernel

INNER_ID = 1000
"""Who the snippet is, inside."""
NOBODY = 65534
"""Who the snippet is outside, where the operator is root."""
COARSEST_CLOCK_SECONDS = 0.02
DEVICES = ("null", "zero", "full", "random", "urandom")


class Unreachable(OSError):
    """A place that snippets need cannot be reached by the user that they run as."""


def enter(settings):
    """Jail this process and return the fd of its memory figures.

    `settings`: root (an empty folder to build the new root on), read_only (paths shown as they are), packages (paths
    shown under /packages), hidden (folders below them that appear empty), files_mb, files_count. The process comes
    back as PID 1 of its namespace; the one that called stays outside, waits for it and passes on its end.
    """
    namespaces = kernel.CLONE_NEWNS | kernel.CLONE_NEWNET | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
    namespaces |= kernel.CLONE_NEWCGROUP | kernel.CLONE_NEWPID | kernel.CLONE_NEWUSER
    _with_mapped_ids(lambda: kernel.unshare(namespaces), os.geteuid(), os.getegid())
    _become_first_process()
    memory = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
    _build_root(settings)
    kernel.set_host_name("sandbox")
    os.umask(0o022)
    _give_up_privileges()
    return memory


def calls_to_leave_privileges():
    """Return the system calls by which a child becomes the inner user, or stays it, without any capability."""
    if os.getuid() == INNER_ID:
        return (kernel.DROP_CAPABILITIES,)
    # The kernel takes all capabilities from who leaves id 0.
    return ((kernel.number("setresuid"), INNER_ID, INNER_ID, INNER_ID),)


def mount_temporary(settings):
    """Mount an empty, sized /tmp; return its mark of being untouched."""
    options = f"size={settings['files_mb']}m,nr_inodes={settings['files_count']},mode=1777"
    kernel.mount("tmpfs", "/tmp", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, options)  # noqa: S108  # ours alone
    return os.stat("/tmp").st_ctime_ns, time.monotonic()  # noqa: S108


def renewed_temporary(settings, untouched):
    """Replace /tmp by an empty one if it was touched, and stand in it; never walks what a snippet made.

    Every file made or removed in it, and every change of its own mode or times, changes its ctime, which nobody can
    set; but some kernels keep it by a coarse clock, so shortly after mounting a look inside has to confirm it.
    """
    ctime_ns, mounted_at = untouched
    is_certain = time.monotonic() > mounted_at + COARSEST_CLOCK_SECONDS
    if os.stat("/tmp").st_ctime_ns != ctime_ns or not (is_certain or not os.listdir("/tmp")):  # noqa: S108
        os.chdir("/")
        kernel.unmount("/tmp")  # noqa: S108
        untouched = mount_temporary(settings)
        os.chdir("/tmp")  # noqa: S108
    return untouched


def _with_mapped_ids(unshare, user, group):
    """Unshare, and have a helper outside write the id maps: as root two ids, else the caller's own."""
    ready_read, ready_write = os.pipe()
    done_read, done_write = os.pipe()
    target = os.getpid()
    helper = os.fork()
    if helper == 0:
        code = 1
        try:
            os.close(ready_write)
            if os.read(ready_read, 1) == b"r":
                _write_maps(target, user, group)
                os.write(done_write, b"d")
                code = 0
        finally:
            os._exit(code)
    os.close(ready_read)
    os.close(done_write)
    try:
        unshare()
        os.write(ready_write, b"r")
        if os.read(done_read, 1) != b"d":
            raise PermissionError("the id maps of the user namespace could not be written")
    finally:
        os.close(ready_write)
        os.close(done_read)
        os.waitpid(helper, 0)


def _write_maps(target, user, group):
    """Map two ids where the operator is root and may: the server's and the snippet's; else the caller's own alone."""
    two = f"0 0 1\n{INNER_ID} {NOBODY} 1"
    if user == 0:
        try:
            _write(target, {"uid_map": two, "gid_map": two})
        except PermissionError:
            pass  # root of a user namespace that has no second id
        else:
            return
    _write(target, {"setgroups": "deny", "uid_map": f"{INNER_ID} {user} 1", "gid_map": f"{INNER_ID} {group} 1"})


def _write(target, texts):
    for name, text in texts.items():
        with open(f"/proc/{target}/{name}", "w") as file:
            file.write(text)


def _become_first_process():
    child = os.fork()
    if child:
        os.closerange(3, 256)
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _give_up_privileges():
    """Keep only what the server works with: namespaces and mounts, and, where it has root's inner id, changing it."""
    kernel.forbid_new_privileges()
    if os.getuid() == INNER_ID:
        kernel.keep_capabilities(kernel.CAP_SYS_ADMIN)
    else:
        os.setgroups([])
        os.setresgid(INNER_ID, INNER_ID, INNER_ID)
        kernel.keep_capabilities(kernel.CAP_SYS_ADMIN, kernel.CAP_SETUID, kernel.CAP_KILL, kernel.CAP_SYS_RESOURCE)
    # A change of user clears this, so it comes last: the server dies with the process that waits for it outside.
    kernel.prctl(kernel.PR_SET_PDEATHSIG, SIGKILL)


def _build_root(settings):
    root = settings["root"]
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("tmpfs", root, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "size=1m,nr_inodes=1024,mode=755")
    for path in settings["read_only"]:
        _show(path, root + path)
    for path in settings["packages"]:
        _show(path, f"{root}/packages/{os.path.basename(path)}")
    for path in settings["hidden"]:
        kernel.mount("tmpfs", root + path, "tmpfs", kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV, "size=4k")
    for device in DEVICES:
        _place(f"{root}/dev/{device}", is_folder=False)
        kernel.mount(f"/dev/{device}", f"{root}/dev/{device}", None, kernel.MS_BIND)
    os.mkdir(f"{root}/tmp")  # noqa: S108  # in the new root
    kernel.pivot_root(root)
    kernel.mount(
        None,
        "/",
        None,
        kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV,
    )


def _show(path, target):
    if os.path.islink(path):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.symlink(os.readlink(path), target)
        return
    try:
        os.stat(path)
        _place(target, is_folder=os.path.isdir(path))
        kernel.bind_read_only(path, target)
    except PermissionError as error:
        raise Unreachable(f"{path} cannot be reached, since a folder above it is closed") from error


def _place(target, *, is_folder):
    os.makedirs(target if is_folder else os.path.dirname(target), exist_ok=True)
    if not is_folder:
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
