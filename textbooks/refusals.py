"""What a build refuses to do, in one sentence each, with the cure. Decides nothing else."""

from pathlib import Path

from textbooks.errors import TextbooksError
from textbooks.job import Job
from textbooks.teacher.ledger import Ledger
from textbooks.writing import Writer


def saying_what_is_kept(error: TextbooksError, answers: int, out: Path) -> TextbooksError:
    """Return the complaint with what is there already, and where."""
    return TextbooksError(f"{error} ({answers} answers are kept in {str(out)!r})") if answers else error


def no_teacher(job: Job, out: Path) -> None:
    """Refuse a recipe for which nobody writes, and nobody wrote before."""
    if job.source == "shipped" and not job.recorded and not (out / "journal").is_dir():
        raise TextbooksError(
            f"recipe {job.recipe.name!r} has no recorded answers; name an endpoint with --base-url and --model, "
            "or answers with --recorded"
        )


def outstanding_batches(out: Path) -> None:
    """Refuse to ask an endpoint for what is on its way already."""
    outstanding = Ledger(out).outstanding
    if outstanding:
        raise TextbooksError(
            f"{len(outstanding)} batch(es) of {str(out)!r} are not collected, and their requests would be paid for "
            f"twice; run: textbooks batch collect {out}"
        )


def silence(job: Job, writer: Writer) -> None:
    """Refuse to go on where none of the first requests has an answer."""
    if writer.budget.is_spent:
        raise TextbooksError(
            f"the budget of {job.budget_usd:g} US dollars is spent and no answer came of it; at most "
            f"{writer.budget.lost_usd:.4f} went for answers that got lost; give a larger --budget"
        )
    last_failure = writer.live.last_failure if writer.live else None
    if job.source == "live":
        raise TextbooksError(
            f"the endpoint answered none of the first requests for model {job.prompter.model!r} "
            f"({last_failure or 'it gave no reason'}); wait until it can, or name another with --base-url"
        )
    raise TextbooksError(
        f"none of the first requests of recipe {job.recipe.name!r} for model {job.prompter.model!r} is answered by "
        f"{len(job.recorded)} file(s) of recorded answers; answers are bound to the exact request, so undo --set and "
        "--model, or use --base-url"
    )
