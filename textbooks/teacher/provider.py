"""The provider's Batch API, through the SDK: upload, create, look, download. What exists there is noted at once.

So no batch is made twice: not by a crash, and not by a call that failed after the provider had acted. Knows nothing of
recipes and keeps no answers; it hands them over line by line.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any

from textbooks.errors import TextbooksError
from textbooks.storage import read_json_lines, replacing
from textbooks.teacher import faults
from textbooks.teacher.ledger import Batch, Ledger

MOST_REQUESTS = 50_000
MOST_BYTES = 200_000_000
"""The limits of one input file, as OpenAI and Azure state them."""
OVER = ("completed", "failed", "expired", "cancelled")
"""States after which a batch does not change."""


class Provider:
    """One endpoint with a Batch API."""

    def __init__(self, ledger: Ledger, *, base_url: str | None) -> None:
        """Prepare the client; nobody is asked yet."""
        import openai

        self._ledger = ledger
        self._url = base_url or os.environ.get("OPENAI_BASE_URL") or "https://api.openai.com/v1"
        self._client = openai.OpenAI(base_url=self._url, api_key=os.environ.get("OPENAI_API_KEY") or "none")

    def __enter__(self) -> "Provider":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def check(self) -> None:
        """Ask for something harmless.

        Raises:
            TextbooksError: the endpoint cannot be used, or has no Batch API.

        """
        with self._sentences():
            self._client.batches.list(limit=1)

    def submit(self) -> list[Batch]:
        """Send whatever is prepared and not at the provider yet; return those batches.

        Raises:
            TextbooksError: the provider does not take one; what was submitted before it stays submitted.

        """
        return [self._submitted(batch) for batch in self._ledger.outstanding if not batch.batch_id]

    def state(self, batch: Batch) -> dict[str, Any]:
        """Return what the provider says of a batch: state, counts, errors, files."""
        with self._sentences():
            found = self._client.batches.retrieve(batch.batch_id or "")
        counts = found.request_counts
        errors = found.errors.data if found.errors and found.errors.data else []
        return {
            "number": batch.number,
            "batch_id": batch.batch_id,
            "state": found.status,
            "requests": batch.requests,
            "completed": counts.completed if counts else None,
            "failed": counts.failed if counts else None,
            "said": "; ".join(faults.without_key(error.message or "") for error in errors) or None,
            "files": [name for name in (found.output_file_id, found.error_file_id) if name],
        }

    def lines(self, batch: Batch, files: Iterable[str]) -> Iterator[dict[str, Any]]:
        """Yield the output lines of a batch; its files are downloaded first, and stay beside the input."""
        for place, file_id in enumerate(files):
            path = self._ledger.path(batch, f"output{place}")
            download = self._client.files.with_streaming_response.content(file_id)
            with self._sentences(), replacing(path) as partial, download as content:
                content.stream_to_file(partial)
            for _, line in read_json_lines(path):
                yield line

    def _submitted(self, batch: Batch) -> Batch:
        number, file_id, batch_id = batch.number, batch.file_id, None
        if file_id is None:
            with self._sentences(), self._ledger.path(batch, "requests").open("rb") as file:
                file_id = self._client.files.create(file=file, purpose="batch").id
            self._ledger.record({"event": "uploaded", "number": number, "file_id": file_id})
        else:
            batch_id = self._made_by_an_earlier_call(file_id)
        batch_id = batch_id or self._created(file_id)
        self._ledger.record({"event": "created", "number": number, "batch_id": batch_id})
        return self._ledger.batches[number]

    def _made_by_an_earlier_call(self, file_id: str) -> str | None:
        """Return the batch that the provider already made of an input file, for a call that did not live to note it."""
        with self._sentences():
            for found in self._client.batches.list(limit=100):
                if found.input_file_id == file_id and found.status not in ("failed", "cancelled"):
                    return found.id
        return None

    def _created(self, file_id: str) -> str:
        with self._sentences():
            # A second try could make a second batch, and a second bill.
            created = self._client.with_options(max_retries=0).batches.create(
                input_file_id=file_id, endpoint="/v1/chat/completions", completion_window="24h"
            )
        return created.id

    @contextlib.contextmanager
    def _sentences(self) -> Iterator[None]:
        """Turn what the SDK raises into a sentence with the cure."""
        import openai

        where = repr(faults.shown(self._url))
        try:
            yield
        except openai.APIConnectionError as error:
            raise faults.unreachable(self._url, error.__cause__ or error) from error
        except openai.APIStatusError as error:
            body = faults.error_body(error)
            said = f"HTTP {error.status_code}: {str(body.get('message') or body)[: faults.SAID_CHARACTERS]}"
            if error.status_code in (404, 405):
                raise TextbooksError(
                    f"endpoint {where} has no Batch API, or does not know this file or batch ({said}); for an engine "
                    "of your own write the requests with 'textbooks plan --requests', run them with 'vllm run-batch', "
                    "and bring the answers back with 'textbooks build --recorded'"
                ) from error
            fault = faults.of_status(error.status_code, body, url=self._url, model="-")
            raise fault or TextbooksError(
                f"endpoint {where} does not take it ({said}); mend what it says, and the same command goes on"
            ) from error
