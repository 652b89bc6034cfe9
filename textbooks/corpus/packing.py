"""Texts → token sequences of one length, as small-model trainers read them from a memory map.

`NAME.bin` holds whole sequences of `length` tokens, one behind the other, little-endian; `NAME.json` says how many, of
which type and length, and which token ends a document; `NAME.documents.npy` holds the place of the first token of each
document. Documents are joined with the end token; the last sequence is filled up with it. Knows nothing of models.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from textbooks.errors import TextbooksError
from textbooks.storage import replacing, write_text

END_TOKENS = ("<|endoftext|>", "</s>", "<eos>", "<|end_of_text|>", "[SEP]", "<|im_end|>")
"""Looked for in this order where no end token is named."""
SMALL_VOCABULARY = 1 << 16


def load_tokenizer(path: Path) -> Any:
    """Read a tokenizer: a file `tokenizer.json`, or a folder that holds one.

    Raises:
        TextbooksError: the extra is not installed, or the file is no tokenizer.

    """
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise TextbooksError("packing needs the package tokenizers; run: pip install 'textbooks[pack]'") from error
    file = path / "tokenizer.json" if path.is_dir() else path
    if not file.is_file():
        raise TextbooksError(f"no tokenizer {str(file)!r}; name a tokenizer.json, or a folder that holds one")
    try:
        return Tokenizer.from_file(str(file))
    except Exception as error:  # the library raises Exception itself
        raise TextbooksError(f"{str(file)!r} is no tokenizer ({str(error)[:100]}); name a tokenizer.json") from error


def end_token(tokenizer: Any, name: str | None) -> int:
    """Return the number of the token that ends a document.

    Raises:
        TextbooksError: the tokenizer has no token of that name, or none that usually ends one.

    """
    for candidate in (name,) if name else END_TOKENS:
        number = tokenizer.token_to_id(candidate)
        if number is not None:
            return int(number)
    said = f"has no token {name!r}" if name else f"has none of {', '.join(END_TOKENS)}"
    raise TextbooksError(f"the tokenizer {said}; name its end token with --end-token")


def pack(texts: Iterable[str], path: Path, tokenizer: Any, *, length: int, end: int) -> dict[str, Any]:
    """Write the texts as packed sequences to `path` (`.bin`) and its neighbours; return the facts."""
    import numpy as np

    dtype = np.dtype("<u2" if tokenizer.get_vocab_size() <= SMALL_VOCABULARY else "<u4")
    starts: list[int] = []
    written = 0
    with replacing(path) as partial, partial.open("wb") as file:
        for text in texts:
            numbers = [*tokenizer.encode(text, add_special_tokens=False).ids, end]
            starts.append(written)
            file.write(np.asarray(numbers, dtype=dtype).tobytes())
            written += len(numbers)
        rest = -written % length
        file.write(np.full(rest, end, dtype=dtype).tobytes())
    with replacing(path.with_suffix(".documents.npy")) as partial, partial.open("wb") as file:
        np.save(file, np.asarray(starts, dtype=np.int64))
    facts = {
        "sequences": (written + rest) // length,
        "length": length,
        "dtype": dtype.name,
        "documents": len(starts),
        "tokens": written,
        "filled": rest,
        "end_token": end,
        "vocabulary": tokenizer.get_vocab_size(),
    }
    write_text(path.with_suffix(".json"), json.dumps(facts, indent=2) + "\n")
    return facts
