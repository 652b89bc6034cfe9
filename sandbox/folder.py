"""The temporary folder of a snippet where no file system of its own can be mounted: measured, and emptied.

Whatever a snippet made is taken as it is: links are never followed, and depth costs neither descriptors nor recursion.
Runs inside the box, and by path as `python folder.py FOLDER`, which removes the folder with everything in it.
"""

import os
import stat
import sys

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def is_over(path, *, most_bytes, most_files):
    """Return whether a folder holds more than these limits, while its snippet goes on; a closed folder counts as over.

    Counting ends where a limit is passed, so that it costs no more than the limits allow. What a snippet moves about
    meanwhile may be counted twice or not at all, this time.
    """
    size = count = 0
    here, pending = os.open(path, _FOLDER), []
    try:
        while True:
            below = []
            for name in os.listdir(here):
                found = os.stat(name, dir_fd=here, follow_symlinks=False)
                count += 1
                size += found.st_blocks * 512
                if stat.S_ISDIR(found.st_mode):
                    below.append(name)
                if size > most_bytes or count > most_files:
                    return True
            pending.append(below)
            while not pending[-1]:
                pending.pop()
                if not pending:
                    return False
                here = _moved(here, "..")
            here = _moved(here, pending[-1].pop())
    except PermissionError:
        return True
    except OSError:  # it moved away while it was looked at
        return False
    finally:
        os.close(here)


def empty(path):
    """Remove everything in a folder of which no process is left, never walking outside it; return (bytes, how many).

    Raises:
        OSError: something in it cannot be opened or removed.

    """
    if os.stat(path).st_mode & 0o700 != 0o700:
        os.chmod(path, 0o700)
    here, names, size, count = os.open(path, _FOLDER), [], 0, 0
    pending = []
    try:
        while True:
            below, more, number = _files_removed(here)
            pending.append(below)
            size, count = size + more, count + number
            while not pending[-1]:
                pending.pop()
                if not names:
                    return size, count
                here = _moved(here, "..")
                os.rmdir(names.pop(), dir_fd=here)
            names.append(pending[-1].pop())
            here = _entered(here, names[-1])
    finally:
        os.close(here)


def _files_removed(folder):
    """Remove what is no folder; return (the names of the folders that are left, bytes, entries)."""
    below, size, count = [], 0, 0
    for name in os.listdir(folder):
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        size += found.st_blocks * 512
        count += 1
        if stat.S_ISDIR(found.st_mode):
            below.append(name)
        else:
            os.unlink(name, dir_fd=folder)
    return below, size, count


def _entered(folder, name):
    """Go down into a folder, opening it up first if its snippet closed it."""
    if os.stat(name, dir_fd=folder).st_mode & 0o700 != 0o700:
        os.chmod(name, 0o700, dir_fd=folder)
    return _moved(folder, name)


def _moved(folder, name):
    new = os.open(name, _FOLDER, dir_fd=folder)
    os.close(folder)
    return new


if __name__ == "__main__":
    for _folder in sys.argv[1:]:
        empty(_folder)
        os.rmdir(_folder)
