"""The same requests through bespokelabs-curator, told the limit."""

import importlib.util
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

url, count, limit = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
os.environ |= {"OPENAI_API_KEY": "x", "CURATOR_VIEWER": "0", "TELEMETRY_ENABLED": "0", "HF_HUB_OFFLINE": "1"}
os.environ["CURATOR_CACHE_DIR"] = tempfile.mkdtemp()
# It counts tokens with tiktoken, which wants a network; litellm, which it brings, has the same file.
litellm = Path(importlib.util.find_spec("litellm").origin).parent
os.environ["TIKTOKEN_CACHE_DIR"] = str(litellm / "litellm_core_utils" / "tokenizers")

from bespokelabs import curator  # noqa: E402  # reads the environment


class Ask(curator.LLM):
    def prompt(self, row: dict) -> str:
        return row["prompt"]

    def parse(self, row: dict, answer: str) -> dict:
        return {"prompt": row["prompt"], "answer": answer}


if __name__ == "__main__":
    model = Ask(
        model_name="gpt-4o-mini",
        backend="openai",
        backend_params={
            "base_url": url,
            "api_key": "x",
            "max_requests_per_minute": 10**6,
            "max_tokens_per_minute": 10**9,
            "max_concurrent_requests": limit,
        },
    )
    rows = [{"prompt": f"curator {number}"} for number in range(count)]
    started = time.monotonic()
    answers = model(rows)
    seconds = time.monotonic() - started
    used = resource.getrusage(resource.RUSAGE_SELF)
    dataset = getattr(answers, "dataset", answers)
    print(f"RESULT {len(dataset)} {seconds} {used.ru_utime + used.ru_stime} {used.ru_maxrss / 1024}")
