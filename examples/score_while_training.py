"""Score a model on HumanEval every so many steps of a transformers training run, in seconds, in one warm box.

    trainer = Trainer(model=model, …, callbacks=[HumanEvalCallback(tokenizer, every_steps=500)])

What comes out is logged like any metric, so whatever tracker the run reports to has it. `--demo` trains a tiny model
with random weights on nothing for a few steps, to show that it works.
"""

import sys

import torch
from transformers import Trainer, TrainerCallback, TrainingArguments

from textbooks.problems import read_problems
from textbooks.score import score
from textbooks.score.cleaning import cleaned
from textbooks.score.scoring import box


class HumanEvalCallback(TrainerCallback):
    """Samples the first problems of HumanEval greedily and logs pass@1 with its interval."""

    def __init__(self, tokenizer, *, every_steps: int = 500, problems: int = 164, max_new_tokens: int = 300) -> None:
        self.tokenizer, self.every_steps, self.max_new_tokens = tokenizer, every_steps, max_new_tokens
        self.problems = list(read_problems().values())[:problems]
        self.box = box(workers=2)
        self.box.__enter__()

    def on_step_end(self, args, state, control, model=None, **_) -> None:
        """Score the model as it is, every so many steps."""
        if state.global_step % self.every_steps:
            return
        rows = [{"task_id": one.task_id, "completion": self.completion(model, one)} for one in self.problems]
        found = score(rows, ignore_incomplete=True, sandbox=self.box)
        for name, value in found.metrics().items():
            state.log_history.append({"step": state.global_step, f"humaneval/{name}": value})
        print(f"step {state.global_step}: {found.metrics()}")

    def on_train_end(self, args, state, control, **_) -> None:
        """Take the box down."""
        self.box.__exit__(None, None, None)

    def completion(self, model, problem) -> str:
        """Return what the model writes behind a prompt, cut where the function ends."""
        asked = self.tokenizer(problem.prompt, return_tensors="pt").to(model.device)
        asked.pop("token_type_ids", None)
        with torch.inference_mode():
            written = model.generate(
                **asked, do_sample=False, max_new_tokens=self.max_new_tokens, pad_token_id=self.tokenizer.eos_token_id
            )
        text = self.tokenizer.decode(written[0, asked["input_ids"].shape[1] :], skip_special_tokens=True)
        return cleaned(text, problem)[0]


def demo() -> None:
    """Train a model of random weights on random tokens for four steps, scored on two problems after every second."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    bytes_only = Tokenizer(
        models.BPE(vocab={one: n for n, one in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}, merges=[])
    )
    bytes_only.pre_tokenizer, bytes_only.decoder = (
        pre_tokenizers.ByteLevel(add_prefix_space=False),
        decoders.ByteLevel(),
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bytes_only, eos_token="<end>")  # noqa: S106  # no password
    model = GPT2LMHeadModel(GPT2Config(vocab_size=300, n_positions=2048, n_embd=16, n_layer=1, n_head=2))
    data = [{"input_ids": list(range(64)), "labels": list(range(64))} for _ in range(16)]
    arguments = TrainingArguments(
        output_dir="demo", max_steps=4, per_device_train_batch_size=2, report_to=[], save_strategy="no"
    )
    callback = HumanEvalCallback(tokenizer, every_steps=2, problems=2, max_new_tokens=8)
    Trainer(model=model, args=arguments, train_dataset=data, callbacks=[callback]).train()


if __name__ == "__main__" and "--demo" in sys.argv:
    demo()
