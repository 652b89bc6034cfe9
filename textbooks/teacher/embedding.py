"""Texts → vectors, by an embedding model behind an OpenAI-compatible endpoint. Keeps nothing and compares nothing."""

import os
from collections.abc import Sequence

from textbooks.errors import TextbooksError
from textbooks.teacher import faults

BATCH = 100
"""Texts in one request."""


def embedded(texts: Sequence[str], *, model: str, base_url: str | None) -> list[list[float]]:
    """Return a vector for each text, in order.

    Raises:
        TextbooksError: the endpoint cannot be used, or has no such model.

    """
    import openai

    url = base_url or os.environ.get("OPENAI_BASE_URL") or "https://api.openai.com/v1"
    found: list[list[float]] = []
    with openai.OpenAI(base_url=url, api_key=os.environ.get("OPENAI_API_KEY") or "none") as client:
        try:
            for start in range(0, len(texts), BATCH):
                batch = list(texts[start : start + BATCH])
                answer = client.embeddings.create(model=model, input=batch, encoding_format="float")
                found += [one.embedding for one in sorted(answer.data, key=lambda one: one.index)]
        except openai.APIConnectionError as error:
            raise faults.unreachable(url, error.__cause__ or error) from error
        except openai.APIStatusError as error:
            body = faults.error_body(error)
            said = f"HTTP {error.status_code}: {str(body.get('message') or body)[: faults.SAID_CHARACTERS]}"
            fault = faults.of_status(error.status_code, body, url=url, model=model)
            raise fault or TextbooksError(
                f"endpoint {faults.shown(url)!r} embeds nothing ({said}); name a model of it with --embedding-model"
            ) from error
    if len(found) != len(texts):
        raise TextbooksError(
            f"endpoint {faults.shown(url)!r} sent {len(found)} vectors for {len(texts)} texts; name another"
        )
    return found
