"""The few lines of machine code in the box, for what must happen without a line of Python in between.

Python writes to the objects that it merely looks at. Where that would cost a copy of their pages, or where memory is
moved from under the interpreter, the calls to the kernel have to follow each other directly. Knows no policy.

Runs inside the box (standard library only). x86-64 and 64-bit Arm.
"""

import ctypes
from _functools import partial

import kernel
import pages

_CODE = {
    # name: (x86-64, 64-bit Arm)
    "fork": (
        # for (c = calls; c[0] >= 0; c += 8) {
        #     r = syscall(c[0], c[1], …, c[6]);
        #     if (r < 0 && childs) break; else if (r < 0) exit_group(1);
        #     if (r > 0) c[7] = r, n++; else if (n) break; else if (childs) c = childs - 8, childs = 0;
        # }
        # return n ? n : r;  (0 at the end of the child's calls)
        "53 41 54 41 55"  # push rbx; push r12; push r13
        "48 89 fb 49 89 f5 45 31 e4"  # mov rbx, rdi; mov r13, rsi; xor r12d, r12d
        "48 8b 03 48 85 c0 78 51"  # next: mov rax, [rbx]; test rax, rax; js done
        "48 8b 7b 08 48 8b 73 10 48 8b 53 18"  # mov rdi, [rbx+8]; mov rsi, [rbx+16]; mov rdx, [rbx+24]
        "4c 8b 53 20 4c 8b 43 28 4c 8b 4b 30"  # mov r10, [rbx+32]; mov r8, [rbx+40]; mov r9, [rbx+48]
        "0f 05 48 85 c0 78 21 74 0d"  # syscall; test rax, rax; js failed; jz nothing
        "48 89 43 38 49 ff c4"  # mov [rbx+56], rax; inc r12
        "48 83 c3 40 eb ca"  # step: add rbx, 64; jmp next
        "4d 85 e4 75 20 4d 85 ed 74 f0"  # nothing: test r12, r12; jnz end; test r13, r13; jz step
        "4c 89 eb 45 31 ed eb b8"  # mov rbx, r13; xor r13d, r13d; jmp next
        "4d 85 ed 75 0e bf 01 00 00 00 b8 e7 00 00 00 0f 05"  # failed: test r13, r13; jnz end; exit_group(1)
        "31 c0"  # done: xor eax, eax
        "4d 85 e4 49 0f 45 c4 41 5d 41 5c 5b c3",  # end: test r12, r12; cmovnz rax, r12; pop r13; pop r12; pop rbx; ret
        "e90300aa eb0301aa 0a0080d2"  # mov x9, x0; mov x11, x1; mov x10, #0
        "280140f9 8802f8b7"  # next: ldr x8, [x9]; tbnz x8, #63, done
        "208540a9 228d41a9 249542a9"  # ldp x0, x1, [x9, #8]; ldp x2, x3, [x9, #24]; ldp x4, x5, [x9, #40]
        "010000d4 6001f8b7 a00000b4"  # svc #0; tbnz x0, #63, failed; cbz x0, nothing
        "201d00f9 4a050091 29010191 f5ffff17"  # str x0, [x9, #56]; add x10, x10, #1; step: add x9, x9, #64; b next
        "4a0100b5 abffffb4 e9030baa 0b0080d2 f0ffff17"  # nothing: cbnz x10, end; cbz x11, step; x9 = x11; x11 = 0; next
        "ab0000b5 200080d2 c80b80d2 010000d4"  # failed: cbnz x11, end; exit_group(1)
        "000080d2 5f0100f1 4011809a c0035fd6",  # done: mov x0, #0; end: cmp x10, #0; csel x0, x10, x0, ne; ret
    ),
    "copy": (
        # memcpy(t[0], t[1], t[2]); return syscall(t[3], t[4], …, t[8]);
        "53 48 89 fb"  # push rbx; mov rbx, rdi
        "48 8b 3b 48 8b 73 08 48 8b 4b 10 f3 a4"  # mov rdi, [rbx]; mov rsi, [rbx+8]; mov rcx, [rbx+16]; rep movsb
        "48 8b 43 18 48 8b 7b 20 48 8b 73 28"  # mov rax, [rbx+24]; mov rdi, [rbx+32]; mov rsi, [rbx+40]
        "48 8b 53 30 4c 8b 53 38 4c 8b 43 40"  # mov rdx, [rbx+48]; mov r10, [rbx+56]; mov r8, [rbx+64]
        "0f 05 5b c3",  # syscall; pop rbx; ret
        "e90300aa 200540a9 220940f9"  # mov x9, x0; ldp x0, x1, [x9]; ldr x2, [x9, #16]
        "2310c1a8 031081a8 424000f1 a1ffff54"  # 1: ldp x3, x4, [x1], #16; stp x3, x4, [x0], #16; subs x2, #16; b.ne 1
        "280d40f9 200542a9 220d43a9 242140f9"  # ldr x8, [x9, #24]; ldp x0, x1, [x9, #32]; … ldr x4, [x9, #64]
        "010000d4 c0035fd6",  # svc #0; ret
    ),
}
_PLACES = {"fork": 0, "copy": 256}


def _loaded():
    """Return the address of a page with the code, or None where no memory may be made executable."""
    page = pages.taken(pages.SMALL)
    if page is None:
        return None
    for name, codes in _CODE.items():
        code = bytes.fromhex(codes[kernel.MACHINE == "aarch64"])
        ctypes.memmove(page + _PLACES[name], code, len(code))
    return page if pages.protected(page, pages.SMALL, pages.READ_EXECUTE) else None


_page = _loaded()
is_there = _page is not None
"""Whether the functions here can be called."""
_word = ctypes.c_long
_fork = ctypes.PYFUNCTYPE(_word, ctypes.c_void_p, ctypes.c_void_p)(_page + _PLACES["fork"]) if is_there else None
_copy = ctypes.PYFUNCTYPE(_word, ctypes.c_void_p)(_page + _PLACES["copy"]) if is_there else None


def forking(place, servers, childs_place, childs):
    """Prepare system calls, the first of which forks; each is its number and up to six arguments.

    Returns (the words of the server's calls, which are put at an address, and what makes them). The server's calls
    follow each other until one fails or returns 0; how many came before that is returned, or, if the fork failed, its
    result. Word 8 * n + 7 is the result of the n-th. The child makes `childs`, at another address, and gets 0; were one
    to fail, it would end there.
    """
    words = _put(place, servers)
    _put(childs_place, childs)
    return words, partial(_fork, place, childs_place)


def _put(place, calls):
    words = (_word * (8 * len(calls) + 1)).from_address(place)
    words[:] = [0] * 8 * len(calls) + [-1]
    for position, call in enumerate(calls):
        words[8 * position : 8 * position + len(call)] = call
    return words


def copied_then(target, source, size, *call):
    """Copy memory, make a system call with five arguments right behind it, and return its result."""
    words = (ctypes.c_long * 9)(target, source, size, *call)
    return _copy(ctypes.addressof(words))
