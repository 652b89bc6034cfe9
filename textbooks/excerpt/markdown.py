"""Markdown → Excerpt: prose blocks, and Python snippets with their positions, by CommonMark (markdown-it-py).

A fence is Python when its label says so, or when it has no label and parses as Python with more than a bare name in
it. A `>>>` session counts in a fence, in an indented block and in the prose; an answer that has no block at all may end
with a program all the same. A plain block behind a snippet may be its output. Knows nothing of whether the code is any
good.
"""

import ast
import re
from collections.abc import Mapping
from functools import lru_cache
from textwrap import dedent

from markdown_it import MarkdownIt
from markdown_it.token import Token

from textbooks.excerpt.containers import set_back
from textbooks.excerpt.sessions import PROMPT, parses, script_of_session
from textbooks.records import Excerpt, OutputBlock, Snippet

PYTHON_LABEL = re.compile(r"\{?\.?(?:python|py)[\d.]*(?![\w+#-])", re.IGNORECASE)
SESSION_LABEL = re.compile(r"\{?\.?(?:pycon|doctest)\b", re.IGNORECASE)
OUTPUT_LABELS = (
    "output",
    "out",
    "stdout",
    "console",
    "result",
    "results",
    "terminal",
    "console-output",
    "output-block",
)
PLAIN_LABELS = ("", "text", "txt", "plaintext", "plain", "none")
SAYS_OUTPUT = re.compile(
    r"\b(?:outputs?|prints?|printed|results?|gives?|produces?|displays?|shows?|returns?|yields?|you\s+(?:will\s+)?see)\b"
    r"|출력|결과|出力|結果|输出|结果|輸出|Ausgabe|Ergebnis|Sortie|affiche|Salida|imprime|Saída|Вывод|Результат",
    re.IGNORECASE,
)
SKIP_COMMENT = re.compile(r"<!--\s*textbooks:\s*skip\s*-->")
SKIP_LABEL = re.compile(r"\s(?:notest|no-test|norun|no-run|skip)\b")
MOST_WORDS_BETWEEN = 15
"""So many words may stand between a snippet and the block that shows its output."""
SHELL = re.compile(r"(?:\$ |% |> |!|pip3? |python3? -|conda |uv |poetry |apt |brew |git |cd |sudo |npm |docker )")
BEGINS_CODE = re.compile(r"(?:def |class |import |from \w|@\w|for |while |with |if |print\(|[A-Za-z_]\w*\s*=[^=])")
LEAST_UNFENCED_LINES = 2
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
"""A line as CommonMark ends it; str.splitlines also breaks at form feeds and other separators."""


def read(text: str, *, may_skip: bool = False) -> Excerpt:
    """Read a Markdown document.

    With `may_skip` its author may keep a block from being run: by `notest` or `skip` behind the label, or a comment
    `<!-- textbooks: skip -->` right before it. Who does not trust the author takes no heed of that.
    """
    reader = _Reader(text, may_skip=may_skip)
    tokens = iter(_parser().parse("".join(set_back(reader.lines))))
    for token in tokens:
        if token.type == "blockquote_open" and (session := reader.bare_session(token)):
            reader.found(session)
            for inner in tokens:  # what CommonMark takes for a quote in a quote in a quote
                if inner.type == "blockquote_close" and inner.level == token.level:
                    break
        else:
            reader.take(token)
    if not reader.snippets:
        reader.recover_unfenced()
    return Excerpt(
        text=text,
        snippets=tuple(reader.snippets),
        outputs=tuple(reader.outputs),
        paragraphs=tuple(reader.paragraphs),
        headings=reader.headings,
        list_items=reader.list_items,
        late_prose="\n".join(reader.late),
    )


class _Reader:
    """What has been read so far."""

    def __init__(self, text: str, *, may_skip: bool) -> None:
        self._may_skip = may_skip
        self._is_skipped = False
        """Whether a comment has just said that the next block is not to be run."""
        self.lines = LINE.findall(text)
        self.snippets: list[Snippet] = []
        self.outputs: list[OutputBlock] = []
        self.paragraphs: list[str] = []
        self.late: list[str] = []
        self.headings = self.list_items = 0
        self._kind = ""
        self._since: list[str] | None = None
        """Paragraphs since the last snippet; None where an output block can no longer belong to it."""

    def take(self, token: Token) -> None:
        """Take one token of the document."""
        if token.type == "html_block" and self._may_skip and SKIP_COMMENT.search(token.content):
            self._is_skipped = True
        elif token.type in ("fence", "code_block"):
            if self._may_skip and (self._is_skipped or SKIP_LABEL.search(token.info)):
                self._is_skipped, self._since = False, None
                return
            snippet = _snippet(token, self.lines, before=self.paragraphs[-1] if self.paragraphs else "")
            if snippet and not (snippet.kind == "script" and not token.info.strip() and self._announces_output()):
                self.found(snippet)
            else:
                self._other_block(token)
        elif token.type == "heading_open":
            self.headings += 1
            self._kind, self._since = "heading", None
        elif token.type == "list_item_open":
            self.list_items += 1
        elif token.type == "paragraph_open":
            self._kind = "paragraph"
        elif token.type == "inline":
            if self._kind == "paragraph":
                self.paragraphs.append(token.content)
                if self._since is not None:
                    self._since.append(token.content)
            if self.snippets:
                self.late.append(token.content)

    def found(self, snippet: Snippet) -> None:
        """Take a snippet."""
        self.snippets.append(snippet)
        self._since = []

    def bare_session(self, token: Token) -> Snippet | None:
        """Return the session that stands in the prose, without a fence, where this quote begins; None for a quote."""
        if token.map is None or not self.lines[token.map[0]].lstrip().startswith(">>> "):
            return None
        start = token.map[0]
        end = next((n for n in range(start, token.map[1]) if not self.lines[n].strip()), token.map[1])
        raw = [line.rstrip("\r\n") for line in self.lines[start:end]]
        indent = raw[0][: len(raw[0]) - len(raw[0].lstrip())]
        source = "\n".join(line.removeprefix(indent) for line in raw) + "\n"
        code = script_of_session(source)
        if not parses(code):
            return None
        before = self.paragraphs[-1] if self.paragraphs else ""
        return Snippet(
            code=code, line=start + 1, end_line=end + 1, kind="session", indent=indent, source=source, before=before
        )

    def recover_unfenced(self) -> None:
        """Find the program with which an answer without any code block ends, where it parses."""
        for start, line in enumerate(self.lines):
            if BEGINS_CODE.match(line):
                code = "".join(self.lines[start:]).replace("\r\n", "\n")
                if looks_like_python(code) and code.strip().count("\n") + 1 >= LEAST_UNFENCED_LINES:
                    kept = "".join(self.lines[:start])
                    self.paragraphs = [part.strip() for part in re.split(r"\n\s*\n", kept) if part.strip()]
                    self.late, self.headings = [], sum(p.startswith("#") for p in self.paragraphs)
                    self.snippets = [Snippet(code=code, line=start + 1, end_line=len(self.lines) + 1)]
                    return

    def _announces_output(self) -> bool:
        """Whether the words since the last snippet say that its output follows, so that a value is no program."""
        said = self._since[-1].rstrip() if self._since else ""
        is_short = len(said.split()) <= MOST_WORDS_BETWEEN
        return said.endswith((":", "：")) and is_short and SAYS_OUTPUT.search(said) is not None

    def _other_block(self, token: Token) -> None:
        """Take a block that is no Python: perhaps what the snippet above it printed."""
        output = self._output(token)
        if output:
            self.outputs.append(output)
        if self.snippets:
            self.late.append(token.content.strip())
        self._since = None

    def _output(self, token: Token) -> OutputBlock | None:
        label = token.info.strip().lower().strip("{}.")
        if self._since is None or token.map is None or not token.content.strip():
            return None
        if label not in OUTPUT_LABELS and label not in PLAIN_LABELS:
            return None
        between = " ".join(self._since)
        is_short = len(between.split()) <= MOST_WORDS_BETWEEN
        says_so = bool(SAYS_OUTPUT.search(between)) and is_short
        if between and not says_so:
            return None
        contents = token.content.removesuffix("\n").split("\n")
        start = token.map[0] + (1 if token.type == "fence" else 0)
        return OutputBlock(
            snippet=len(self.snippets) - 1,
            text=token.content,
            line=start + 1,
            end_line=start + len(contents) + 1,
            indent=_indent(self.lines, start, contents),
            is_announced=says_so or label in OUTPUT_LABELS,
        )


def put_back(text: str, codes: Mapping[Snippet, str]) -> str:
    """Return the document with each snippet's lines replaced by its new code; everything else byte for byte."""
    lines = LINE.findall(text)
    for snippet, code in sorted(codes.items(), key=lambda item: -item[0].line):
        if code == snippet.code:
            continue  # so that what is not changed stays as it is, tabs and all
        first, after = snippet.line - 1, snippet.end_line - 1
        newline = "\r\n" if first < len(lines) and lines[first].endswith("\r\n") else "\n"
        new = [
            (snippet.indent + line if line else snippet.indent.rstrip()) + newline
            for line in code.removesuffix("\n").split("\n")
        ]
        if after >= len(lines) and lines and not lines[-1].endswith(("\n", "\r")):
            new[-1] = new[-1].removesuffix(newline)
        lines[first:after] = new
    return "".join(lines)


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark")


def _snippet(token: Token, lines: list[str], *, before: str) -> Snippet | None:
    if token.map is None or not token.content.strip():
        return None
    label = token.info.strip()
    # A docstring may hold prompts; a session is no program.
    is_session = PROMPT.search(token.content) is not None and not parses(dedent(token.content))
    source = ""
    if SESSION_LABEL.match(label) or (is_session and (not label or PYTHON_LABEL.match(label))):
        kind, code, source = "session", script_of_session(token.content), token.content
    elif (PYTHON_LABEL.match(label) and not _is_shell(token.content)) or (
        not label and looks_like_python(token.content)
    ):
        kind, code = "script", token.content
    else:
        return None
    contents = token.content.removesuffix("\n").split("\n")
    start = token.map[0] + (1 if token.type == "fence" else 0)
    margin = "" if kind == "session" else _margin(code)
    if margin:
        code = "".join(line.removeprefix(margin) for line in LINE.findall(code))
    return Snippet(
        code=code,
        line=start + 1,
        end_line=start + len(contents) + 1,
        kind="session" if kind == "session" else "script",
        indent=_indent(lines, start, contents) + margin,
        source=source,
        before=before,
    )


def _indent(lines: list[str], start: int, contents: list[str]) -> str:
    """Return what stands before the lines of a block: the indentation of a list, the marks of a quote."""
    for raw, content in zip(lines[start : start + len(contents)], contents, strict=False):
        if content.strip():
            bare = raw.rstrip("\r\n")
            if bare.endswith(content):
                return bare[: len(bare) - len(content)]
            # A tab of which the list took a part: columns are all that is left to count.
            own = len(content) - len(content.lstrip())
            before = bare[: len(bare) - len(content.lstrip())].expandtabs(4)
            return before[: len(before) - own]
    return ""


def _margin(code: str) -> str:
    """Return the indentation that all lines of a block share and that is no part of the code, as pages set it."""
    if not code[:1].isspace() or parses(code):
        return ""
    lines = [line for line in code.split("\n") if line.strip()]
    indents = [line[: len(line) - len(line.lstrip(" \t"))] for line in lines]
    least, most = min(indents), max(indents)
    margin = least if most.startswith(least) else ""
    return margin if margin and parses("".join(line.removeprefix(margin) for line in LINE.findall(code))) else ""


def _is_shell(text: str) -> bool:
    """Return whether a block holds commands for a shell and nothing else, whatever its label says."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    return bool(lines) and all(SHELL.match(line) for line in lines)


def looks_like_python(text: str) -> bool:
    """Return whether an unlabelled block does something: an output block such as `Total: 15` parses as well."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(
        isinstance(node.value, ast.Call | ast.Await)
        if isinstance(node, ast.Expr)
        else not (isinstance(node, ast.AnnAssign) and node.value is None)
        for node in body
    )
