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
    "calls": (
        # for (c = table; c[0] >= 0; c += 8, n++) { r = syscall(c[0], c[1], …, c[6]); if (r <= 0) break; c[7] = r; }
        # return n ? n : r;
        "53 41 54"  # push rbx; push r12
        "48 89 fb 45 31 e4"  # mov rbx, rdi; xor r12d, r12d
        "48 8b 03 48 85 c0 78 2c"  # next: mov rax, [rbx]; test rax, rax; js end
        "48 8b 7b 08 48 8b 73 10 48 8b 53 18"  # mov rdi, [rbx+8]; mov rsi, [rbx+16]; mov rdx, [rbx+24]
        "4c 8b 53 20 4c 8b 43 28 4c 8b 4b 30"  # mov r10, [rbx+32]; mov r8, [rbx+40]; mov r9, [rbx+48]
        "0f 05 48 85 c0 7e 0d"  # syscall; test rax, rax; jle end
        "48 89 43 38 49 ff c4 48 83 c3 40 eb cc"  # mov [rbx+56], rax; inc r12; add rbx, 64; jmp next
        "4d 85 e4 49 0f 45 c4 41 5c 5b c3",  # end: test r12, r12; cmovnz rax, r12; pop r12; pop rbx; ret
        "e90300aa 0a0080d2"  # mov x9, x0; mov x10, #0
        "280140f9 6801f8b7"  # next: ldr x8, [x9]; tbnz x8, #63, end
        "208540a9 228d41a9 249542a9"  # ldp x0, x1, [x9, #8]; ldp x2, x3, [x9, #24]; ldp x4, x5, [x9, #40]
        "010000d4 1f0000f1 ad000054"  # svc #0; cmp x0, #0; b.le end
        "201d00f9 29010191 4a050091 f5ffff17"  # str x0, [x9, #56]; add x9, x9, #64; add x10, x10, #1; b next
        "5f0100f1 4011809a c0035fd6",  # end: cmp x10, #0; csel x0, x10, x0, ne; ret
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
_PLACES = {"calls": 0, "copy": 256}


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
_function = ctypes.PYFUNCTYPE(ctypes.c_long, ctypes.c_void_p)
_calls, _copy = (_function(_page + _PLACES[name]) if is_there else None for name in ("calls", "copy"))


def calls(place, *each):
    """Prepare system calls that follow each other; each is its number and up to six arguments.

    Their words are put at an address. Returns (the words, what makes the calls). It stops behind the first that fails
    or returns 0, and returns how many came before that one, or, if none did, its result. Word 8 * n + 7 is the result
    of the n-th, 0 until there was one.
    """
    words = (ctypes.c_long * (8 * len(each) + 1)).from_address(place)
    words[:] = [0] * 8 * len(each) + [-1]
    for position, call in enumerate(each):
        words[8 * position : 8 * position + len(call)] = call
    return words, partial(_calls, place)


def copied_then(target, source, size, *call):
    """Copy memory, make a system call with five arguments right behind it, and return its result."""
    words = (ctypes.c_long * 9)(target, source, size, *call)
    return _copy(ctypes.addressof(words))
