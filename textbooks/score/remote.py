"""Isolated judging: a candidate that never meets the test, and a test that never meets the candidate's code.

A problem's unmodified `check` calls the function under test with arguments, and compares what comes back. Three
programs part the two. The recorder runs `check` on the reference solution and tells with which arguments it calls. The
candidate's program calls the candidate with those, and tells what comes back as plain values. The judge runs `check` on
a stand-in that gives those values back. So a candidate cannot inspect, patch, print or exit its way to a pass: what it
could tamper with is its own answers. Writes programs and reads what they tell; runs none.
"""

import json
import marshal
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from textbooks.problems import Problem

MOST_ARGUMENTS = 20_000_000
"""Bytes of the arguments of one problem; of more, the problem is judged in-process."""
CHECK_SECONDS = 5.0
"""Processor time of one `check` on given values."""

Call = list[Any]
"""The arguments of one call, packed: positional ones and keywords."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """With what a problem's test calls the function."""

    calls: tuple[Call, ...]
    reason: str | None = None
    """Why it cannot be judged apart; None where it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a candidate gave back."""

    values: tuple[Any, ...]
    """Packed, one for each call that came to its end, in order."""
    error: str | None = None
    """What the first call that did not raised, or the program before any call."""
    is_whole: bool = True
    """Whether the program came as far as to tell; else its verdict says why not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the test said of a candidate's values."""

    passed: bool
    said: str
    place: int
    """How many of the values it took."""
    needs: Call | None = None
    """A call that was not recorded: the test depends on what came back."""


PACKING = """
def _pack(value, depth=0):
    kind = type(value)
    if depth > 60:
        raise _NotPlain('nested too deep')
    if value is None or kind is bool or kind is int or kind is float or kind is str:
        return value
    if kind is list:
        return ['l', *[_pack(one, depth + 1) for one in value]]
    if kind is tuple:
        return ['t', *[_pack(one, depth + 1) for one in value]]
    if kind is dict:
        return ['d', *[[_pack(key, depth + 1), _pack(one, depth + 1)] for key, one in value.items()]]
    if kind is set or kind is frozenset:
        return ['s' if kind is set else 'f', *[_pack(one, depth + 1) for one in value]]
    if kind is complex:
        return ['c', value.real, value.imag]
    if kind is bytes:
        return ['b', value.decode('latin-1')]
    for plain, make in ((bool, bool), (int, int.__int__), (float, float.__float__), (str, str.__str__)):
        if isinstance(value, plain):
            return _pack(make(value), depth + 1)
    if isinstance(value, dict):
        return _pack(dict(dict.items(value)), depth + 1)
    for plain in (list, tuple, set, frozenset):
        if isinstance(value, plain):
            return _pack(plain(plain.__iter__(value)), depth + 1)
    if type(value).__module__.partition('.')[0] == 'numpy' and type(value).__name__ != 'ndarray':
        return _pack(value.item(), depth + 1)
    raise _NotPlain(kind.__name__)
class _NotPlain(Exception):
    pass
def _unpack(packed):
    if type(packed) is not list:
        return packed
    kind, rest = packed[0], packed[1:]
    if kind == 'd':
        return {_unpack(key): _unpack(one) for key, one in rest}
    if kind == 'c':
        return complex(*rest)
    if kind == 'b':
        return rest[0].encode('latin-1')
    if kind == 'o':
        return type(rest[0], (), {'__slots__': ()})()
    return {'l': list, 't': tuple, 's': set, 'f': frozenset}[kind](_unpack(one) for one in rest)
sys.set_int_max_str_digits(0)
def _packed_call(arguments, keywords):
    return [[_pack(one) for one in arguments], {name: _pack(one) for name, one in keywords.items()}]
"""
RECORDER = """
import io, json, marshal, random, sys, typing, math
_out = sys.__stdout__
def _write(value):
    _out.write(_mark + json.dumps(value) + _mark)
    _out.flush()
def _recorded(code, name):
    calls, own = [], {}
    def proxy(*arguments, **keywords):
        calls.append(_packed_call(arguments, keywords))
        value = real(*arguments, **keywords)
        _pack(value)
        return value
    try:
        random.seed(0)
        # The solution keeps its own names: one that calls itself is not to be seen doing so.
        exec(marshal.loads(bytes.fromhex(code[0])), own)
        real = own[name]
        names = {**own, name: proxy}
        exec(marshal.loads(bytes.fromhex(code[1])), names)
        names['check'](proxy)
    except BaseException as error:
        return {'calls': [], 'reason': f'{type(error).__name__}: {error}'}
    return {'calls': calls, 'reason': None}
def _record(problems):
    for number, (code, name) in problems:
        sys.stdout = io.StringIO()
        _write([number, _recorded(code, name)])
"""
CANDIDATE = """
import io, json, marshal, sys
_out = sys.__stdout__
def _called(source, name, calls, mark):
    write, flush, dumps = _out.write, _out.flush, json.dumps
    sys.stdout = sys.stderr = io.StringIO()
    names, values, error = {}, [], None
    try:
        exec(compile(source, '<completion>', 'exec'), names)
        function = names[name]
        for positional, keywords in calls:
            value = function(*map(_unpack, positional), **{key: _unpack(one) for key, one in keywords.items()})
            try:
                value = _pack(value)
            except _NotPlain as unplain:
                value = ['o', str(unplain)]
            values.append(value)
    except BaseException as raised:
        error = str(raised)[:500]
    write(mark + dumps([values, error]) + mark)
    flush()
"""
JUDGE = """
import _signal, io, json, marshal, math, random, sys, typing
_out = sys.__stdout__
class _Late(BaseException):
    pass
class _Unknown(BaseException):
    pass
def _late(*_):
    raise _Late
_signal.signal(_signal.SIGPROF, _late)
def _judged(code, name, calls, values, error, seconds):
    own, place, needed = {}, 0, None
    def proxy(*arguments, **keywords):
        nonlocal place, needed
        call = _packed_call(arguments, keywords)
        if place >= len(calls) or json.dumps(calls[place]) != json.dumps(call):
            needed = call
            raise _Unknown
        if place >= len(values):
            raise RuntimeError(error or 'the call did not come to its end')
        place += 1
        return _unpack(values[place - 1])
    try:
        _signal.setitimer(_signal.ITIMER_PROF, seconds)
        random.seed(0)
        exec(marshal.loads(bytes.fromhex(code[0])), own)
        names = {**own, name: proxy}
        exec(marshal.loads(bytes.fromhex(code[1])), names)
        names['check'](proxy)
    except _Unknown:
        return [False, 'the test calls with other arguments', needed, place]
    except _Late:
        return [False, 'timed out', None, place]
    except BaseException as raised:
        return [False, str(raised), None, place]
    finally:
        _signal.setitimer(_signal.ITIMER_PROF, 0)
    if needed is not None:
        return [False, 'the test calls with other arguments', needed, place]
    return [True, 'passed', None, place]
def _judge(tests, samples, seconds):
    for number, task, values, error in samples:
        sys.stdout = io.StringIO()
        code, name, calls = tests[task]
        verdict = _judged(code, name, calls, values, error, seconds)
        _out.write(_mark + json.dumps([number, verdict]) + _mark)
        _out.flush()
"""


@lru_cache(maxsize=4)
def _engine(source: str) -> str:
    imports, _, rest = source.lstrip().partition("\n")
    return f"{imports}\nexec(marshal.loads(bytes.fromhex({_hex(PACKING + rest)!r})))\n"


def _hex(code: str) -> str:
    return marshal.dumps(compile(code, "<engine>", "exec")).hex()


@lru_cache(maxsize=4096)
def _test(problem: Problem) -> tuple[str, str]:
    """Return, compiled, the reference, whose helpers a test may call, and the program that defines `check`."""
    return _hex(problem.solution or ""), _hex(problem.test)


def recorder(problems: Sequence[Problem]) -> str:
    """Return a program that tells with which arguments the problems' tests call; each must have a solution."""
    wanted = [[number, [list(_test(problem)), problem.entry_point]] for number, problem in enumerate(problems)]
    return _program(RECORDER, f"_record({wanted!r})")


def recorded(program: str, stdout: str) -> dict[int, Recorded]:
    """Return place of a problem → its calls, of those that were told."""
    found = {}
    for number, one in _frames(_mark(program), stdout):
        reason = one["reason"]
        if reason is None and len(json.dumps(one["calls"])) > MOST_ARGUMENTS:
            reason = "its arguments are too large"
        found[number] = Recorded(calls=tuple(one["calls"]) if reason is None else (), reason=reason)
    return found


def candidate(problem: Problem, completion: str, calls: Sequence[Call]) -> str:
    """Return a program that calls a completion's function with the recorded arguments, and tells what comes back."""
    begun = problem.prompt if problem.continues_prompt else ""
    source = f"{begun}{completion}\n{_like_the_beginning_of(problem.test)}"
    body = f"_called({source!r}, {problem.entry_point!r}, json.loads({json.dumps(list(calls))!r}), _mark)"
    return _program(CANDIDATE, body)


def _like_the_beginning_of(test: str) -> str:
    """Return what stands in for a test behind a completion: what ends with a backslash, say, goes on into it."""
    blank = test[: len(test) - len(test.lstrip("\n"))]
    return blank + ("def check(candidate):\n    pass\n" if test.lstrip("\n").startswith("def ") else "METADATA = {}\n")


def told(program: str, stdout: str) -> Told:
    """Return what came back; what is not of the form that packing gives never came."""
    for frame in _frames(_mark(program), stdout):
        if isinstance(frame, list) and len(frame) == 2 and isinstance(frame[0], list) and all(map(is_packed, frame[0])):
            return Told(values=tuple(frame[0]), error=None if frame[1] is None else str(frame[1]))
    return Told(values=(), error="the program ended before its last call", is_whole=False)


def judge(samples: Iterable[tuple[int, Problem, Sequence[Call], Told]]) -> str:
    """Return a program that tells of many candidates whether their values pass."""
    tests: dict[str, list[Any]] = {}
    wanted = []
    for number, problem, calls, answer in samples:
        key = f"{problem.task_id}\0{len(calls)}"
        tests.setdefault(key, [list(_test(problem)), problem.entry_point, list(calls)])
        wanted.append([number, key, list(answer.values), answer.error])
    text = json.dumps([tests, wanted])
    return _program(JUDGE, f"_judge(*json.loads({text!r}), {CHECK_SECONDS})")


def judged(program: str, stdout: str) -> dict[int, Judged]:
    """Return number of a sample → what its test said, of those that were told."""
    return {
        number: Judged(passed=passed, said=said, needs=needs, place=place)
        for number, (passed, said, needs, place) in _frames(_mark(program), stdout)
    }


def is_packed(value: Any, depth: int = 0) -> bool:
    """Return whether a value is one that packing gives: no other may reach the judge."""
    if depth > 130:
        return False
    if value is None or isinstance(value, bool | int | float | str):
        return True
    if not isinstance(value, list) or not value or not isinstance(value[0], str):
        return False
    kind, *rest = value
    if kind == "d":
        pairs = all(isinstance(pair, list) and len(pair) == 2 for pair in rest)
        return pairs and all(is_packed(one, depth + 1) for pair in rest for one in pair)
    if kind == "c":
        return len(rest) == 2 and all(isinstance(one, float) for one in rest)
    if kind in ("b", "o"):
        return len(rest) == 1 and isinstance(rest[0], str)
    return kind in ("l", "t", "s", "f") and all(is_packed(one, depth + 1) for one in rest)


def _program(engine: str, call: str) -> str:
    body = f"{_engine(engine)}{call}\n"
    number = zlib.crc32(body.encode("utf-8", "surrogatepass"))
    return f"_mark = '\\x00{number:08x}\\x00'\n{body}"


def _mark(program: str) -> str:
    return f"\0{program[13:21]}\0"


def _frames(mark: str, stdout: str) -> list[Any]:
    found = []
    for text in re.findall(f"{re.escape(mark)}(.*?){re.escape(mark)}", stdout, re.DOTALL):
        try:
            found.append(json.loads(text))
        except (ValueError, RecursionError):
            continue
    return found
