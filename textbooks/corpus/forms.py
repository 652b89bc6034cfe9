"""A row of a corpus → the record that a training or evaluation tool reads. Knows the forms, and nothing of files.

Each form names what it needs: a span or an instruction or a function for prompt and completion, a conversation for
messages. A row that lacks it is refused by name.
"""

import ast
from collections.abc import Callable, Mapping
from typing import Any

Row = Mapping[str, Any]
Record = dict[str, Any]


class Unfit(ValueError):
    """A row does not hold what a form needs; the words say what that is."""


def whole(row: Row) -> Record:
    """Return the row as it is, with all its columns."""
    return dict(row)


def text(row: Row) -> Record:
    """Return `{id, text}`, as pre-training reads it."""
    return {"id": row["id"], "text": row["text"]}


def prompt_completion(row: Row) -> Record:
    """Return `{prompt, completion}`: what is given, and what a model is to write.

    Of a row with `text_span` the text before the span and the span; of an instruction with its output these; of an
    exercise the imports, the signature and the docstring, and the body of the function.
    """
    span = row.get("text_span")
    if span:
        return {"prompt": row["text"][: span[0]], "completion": row["text"][span[0] : span[1]]}
    if row.get("instruction") is not None and row.get("output") is not None:
        given = f"{row['instruction']}\n\n{row['input']}" if row.get("input") else row["instruction"]
        return {"prompt": given, "completion": row["output"]}
    snippets = row.get("snippets") or ()
    found = _function(snippets[0]["code"]) if snippets else None
    if found is None:
        raise Unfit("a text with a span, an instruction with its output, or a function with a docstring")
    return found


def alpaca(row: Row) -> Record:
    """Return `{instruction, input, output}`."""
    if row.get("instruction") is not None and row.get("output") is not None:
        return {"instruction": row["instruction"], "input": row.get("input") or "", "output": row["output"]}
    found = prompt_completion(row)
    return {"instruction": found["prompt"], "input": "", "output": found["completion"]}


def messages(row: Row) -> Record:
    """Return `{messages: [{role, content}]}`; of a row without a conversation, prompt and completion as its turns."""
    if row.get("messages"):
        return {"messages": [dict(one) for one in row["messages"]]}
    found = prompt_completion(row)
    turns = (("user", found["prompt"]), ("assistant", found["completion"]))
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


def sharegpt(row: Row) -> Record:
    """Return `{conversations: [{from, value}]}`, with `human`, `gpt` and `system`."""
    names = {"user": "human", "assistant": "gpt", "system": "system"}
    turns = messages(row)["messages"]
    return {"conversations": [{"from": names[one["role"]], "value": one["content"]} for one in turns]}


def _function(code: str) -> Record | None:
    """Return an exercise's function cut behind its docstring; None where there is no such function."""
    lines = code.splitlines(keepends=True)
    for node in ast.parse(code).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if ast.get_docstring(node) is None or len(node.body) < 2:  # docstring and something else
                return None
            cut, end = node.body[0].end_lineno or 0, node.end_lineno or 0
            return {"prompt": "".join(lines[:cut]), "completion": "".join(lines[cut:end])}
    return None


FORMS: dict[str, Callable[[Row], Record]] = {
    "text": text,
    "rows": whole,
    "prompt-completion": prompt_completion,
    "alpaca": alpaca,
    "messages": messages,
    "sharegpt": sharegpt,
    "tinystories": text,
}
"""Form → how a row becomes a record of it; `tinystories` writes the texts alone."""
