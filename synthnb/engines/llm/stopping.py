"""What becomes of work that is stopped, by the user or by a model that breaks down: what was finished is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from synthnb.errors import Interrupted, ModelError, SynthnbError

if TYPE_CHECKING:
    from synthnb.engines.base import Run, Synthesis
    from synthnb.models.base import Reply, Request
    from synthnb.models.calls import Calls

__all__ = ["WorkInterrupted", "replies_while_they_come"]


class WorkInterrupted(Interrupted):
    """The user stopped work whose finished part is kept."""

    units: ClassVar[str]
    """What was being made, in the plural."""
    partial: Synthesis
    """What was made so far, and the run that says so."""

    def __init__(self, partial: Synthesis) -> None:
        run = partial.run
        kept = "these are kept" if run.delivered else "there is nothing to keep"
        super().__init__(f"Stopped after {run.delivered:,} of {run.requested:,} {self.units}; {kept}.", fix=self.again(run))
        self.partial = partial

    def again(self, run: Run) -> str:
        """How to go on."""
        return f"Run it again with --seed {run.seed}: replies that were kept cost nothing."


@contextmanager
def replies_while_they_come(
    calls: Calls, requests: Sequence[Request], *, begun: Callable[[], bool], broken: Callable[[str], None]
) -> Iterator[Iterator[tuple[int, Reply]]]:
    """Give the replies to some requests; an interrupt stops them at once, and a breakdown loses nothing that is finished.

    Parameters
    ----------
    calls : Calls
        Who is asked.
    requests : sequence of Request
        What is asked.
    begun : callable
        Whether something is finished already: then a breakdown is a reason, else an error.
    broken : callable
        Told the reason.

    Raises
    ------
    SynthnbError
        The model broke down before anything was finished.
    """
    replies = calls.ask(requests)
    try:
        yield replies
    except KeyboardInterrupt:
        raise
    except Exception as error:  # whatever a provider throws, what is written must survive
        if not begun():
            raise error if isinstance(error, SynthnbError) else _translated(error, calls) from error
        broken(f"the model failed: {error}".rstrip("."))
    finally:
        if close := getattr(replies, "close", None):
            close()


def _translated(error: Exception, calls: Calls) -> ModelError:
    return ModelError(f"The model {calls.model.info.id} failed: {type(error).__name__}: {error}.", fix="Try again or choose another model.")
