"""Tabs and admonitions, as MkDocs and Docusaurus-like tools write them → the same lines, what is inside them set back.

To CommonMark the indented inside of `=== "Tab"`, `!!! note` and `??? tip` is indented code, fences and all. Line
numbers stay; knows nothing of blocks.
"""

import re

CONTAINER = re.compile(r'^(?:={3}[+!]? +"|!{3} +\w|\?{3}\+? +\w)')
FENCE = re.compile(r"^(`{3,}|~{3,})")
INSIDE = 4
"""Columns by which the inside of a container is indented."""


def set_back(lines: list[str]) -> list[str]:
    """Return the lines of a document, those inside containers without the indentation that puts them there."""
    if not any(CONTAINER.match(line.lstrip()) for line in lines):
        return lines
    found: list[str] = []
    depth, fence = 0, ""
    for line in lines:
        if line.strip():
            own = len(line) - len(line.lstrip(" "))
            if not fence:
                depth = min(depth, own // INSIDE)
            inner = line[min(depth * INSIDE, own) :]
            if fence:
                fence = "" if inner.strip().startswith(fence) and not inner.strip(" `~\r\n") else fence
            elif opened := FENCE.match(inner):
                fence = opened.group(1)
            elif CONTAINER.match(inner):
                depth += 1
            found.append(inner)
        else:
            found.append(line)
    return found
