"""One measured job of the benchmark of language models, in a process of its own; prints its cost as JSON.

    python llm_job.py text|rows --count 40 --requests FILE        our modes with the embedded model; the requests are kept in FILE
    python llm_job.py raw|raw-default --requests FILE             the same requests straight to llama.cpp
    python llm_job.py column --base URL --count 500 --per-call 1  our text column against a server
    python llm_job.py data-designer|distilabel|curator --base URL --count 500      a peer, by its own interpreter

Imports and the loading of models are outside the seconds and the processor time; both take in the processes that a job starts
and waits for, as distilabel does for its steps. Memory is the peak of the process, or of the largest that it started. This
script may be run by an interpreter that hasn't our package, so that nothing of it is imported at the top.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

ROOT = str(Path(__file__).resolve().parents[2])
LEVELS = {"sex": ["female", "male"], "arm": ["placebo", "drug"], "outcome": ["better", "the same", "worse"]}
SYSTEM = "You write one short sentence of a nurse's note. Say what the data say and nothing else."
PROMPT = "A {age}-year-old {sex} patient on {arm} is {outcome}. Write one sentence of the note for patient {number}."
WORDS = 40
SEED = 7

Job = Callable[[argparse.Namespace], "tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]"]
"""Prepares everything, and returns what is measured, and what reads the result."""


def patients(count: int) -> dict[str, list[Any]]:
    """Invented patients, the same for every method."""
    rows: dict[str, list[Any]] = {"number": list(range(1, count + 1)), "age": [20 + (13 * row) % 60 for row in range(count)]}
    for step, (name, levels) in enumerate(LEVELS.items(), 1):
        rows[name] = [levels[(row // step) % len(levels)] for row in range(count)]
    return rows


class Recording:
    """A model that remembers what it was asked."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.asked: list[Any] = []

    @property
    def info(self) -> Any:
        return self._model.info

    def write(self, requests: Any) -> Iterator[Any]:
        def remembered() -> Iterator[Any]:
            for request in requests:
                self.asked.append(request)
                yield request

        yield from self._model.write(remembered())

    def close(self) -> None:
        self._model.close()


def text(given: argparse.Namespace) -> tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]:
    """A text column by the embedded model."""
    import pandas as pd

    from synthnb.engines.llm import write_text_column
    from synthnb.models.calls import Calls
    from synthnb.models.local import open_local

    model = Recording(open_local())
    calls = Calls(model)
    frame = pd.DataFrame(patients(given.count))

    def work() -> Any:
        return write_text_column(frame, name="note", instruction=PROMPT, calls=calls, seed=SEED, max_tokens=WORDS)

    return work, lambda made: kept(given, model) | counted(calls) | {"units": made.run.delivered, "at_once": model.info.at_once}


def rows(given: argparse.Namespace) -> tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]:
    """Rows by the embedded model."""
    import pandas as pd

    from synthnb.engines.rows import write_rows
    from synthnb.models.calls import Calls
    from synthnb.models.local import open_local

    model = Recording(open_local())
    calls = Calls(model)
    frame = pd.DataFrame(patients(300)).drop(columns="number")

    def work() -> Any:
        return write_rows(frame, rows=given.count, calls=calls, seed=SEED)

    return work, lambda made: kept(given, model) | counted(calls) | {"units": made.run.delivered, "at_once": model.info.at_once}


def kept(given: argparse.Namespace, model: Recording) -> dict[str, Any]:
    given.requests.write_text(json.dumps([asdict(request) for request in model.asked]), encoding="utf-8")
    return {}


def counted(calls: Any) -> dict[str, Any]:
    account = calls.account()
    return {name: account[name] for name in ("calls", "tokens_in", "tokens_out")}


def raw(given: argparse.Namespace, *, default: bool = False) -> tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]:
    """llama.cpp itself: as our lanes are set up, or with all cores on one text and its prompt cache, as it comes."""
    import xllamacpp

    from synthnb.models.base import Request
    from synthnb.models.downloads import DOWNLOADS
    from synthnb.models.local import _messages, _settings

    bodies = []
    for asked in json.loads(given.requests.read_text(encoding="utf-8")):
        request = Request(**asked | {"stop": tuple(asked["stop"])})
        body = _settings(request) | _messages(request)
        body |= {"stream": False, "cache_prompt": True} if default else {"stream": False}
        bodies.append({name: value for name, value in body.items() if name != "stream_options"})
    lanes = 1 if default else given.lanes
    servers = [raw_server(xllamacpp, str(DOWNLOADS["smollm2-135m"].pinned.path), default=default) for _ in range(lanes)]

    def work() -> Any:
        todo: SimpleQueue[Any] = SimpleQueue()
        usages: list[dict[str, Any]] = []
        for body in bodies:
            todo.put(body)

        def lane(server: Any) -> None:
            try:
                while True:
                    usages.append(server.handle_chat_completions(todo.get_nowait())["usage"])
            except Empty:
                return

        threads = [threading.Thread(target=lane, args=(server,)) for server in servers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return usages

    def told(usages: Any) -> dict[str, Any]:
        read, wrote = (sum(usage[name] for usage in usages) for name in ("prompt_tokens", "completion_tokens"))
        return {"calls": len(usages), "tokens_in": read, "tokens_out": wrote, "units": None, "at_once": lanes}

    return work, told


def raw_server(llama: Any, path: str, *, default: bool) -> Any:
    params = llama.CommonParams()
    params.model.path = path
    params.n_ctx = 4096
    params.n_parallel = 1
    params.verbosity = -1
    if not default:
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
        params.cache_ram_mib = 0
    server = llama.Server(params)
    server.handle_completions({"prompt": "a", "n_predict": 1, "cache_prompt": False})
    return server


def raw_default(given: argparse.Namespace) -> tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]:
    """llama.cpp as it comes."""
    return raw(given, default=True)


def column(given: argparse.Namespace) -> tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]:
    """A text column by a model on a server."""
    import pandas as pd

    from synthnb.engines.llm import write_text_column
    from synthnb.models.calls import Calls
    from synthnb.models.remote import open_remote
    from synthnb.models.store import Store

    model = open_remote(f"faulty-1@{given.base}?at_once={given.at_once}")
    store = Store(given.requests.with_suffix(".sqlite3"))
    store.find([""])
    calls = Calls(model, store=store)
    frame = pd.DataFrame(patients(given.count))

    def work() -> Any:
        return write_text_column(
            frame, name="note", instruction=PROMPT, calls=calls, seed=SEED, max_tokens=WORDS, per_call=given.per_call or None
        )

    return work, lambda made: counted(calls) | {"units": made.run.delivered, "at_once": given.at_once}


def data_designer(given: argparse.Namespace) -> tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]:
    """The same column by NeMo Data Designer."""
    from importlib import import_module

    pandas = import_module("pandas")
    dd = import_module("data_designer.config")
    designer_of = import_module("data_designer.interface").DataDesigner
    provider = dd.ModelProvider(name="bench", endpoint=given.base, provider_type="openai", api_key="unused")
    parameters = dd.ChatCompletionInferenceParams(max_parallel_requests=given.at_once, temperature=0.3, top_p=0.9, max_tokens=WORDS)
    model = dd.ModelConfig(alias="writer", model="faulty-1", provider="bench", inference_parameters=parameters, skip_health_check=True)
    builder = dd.DataDesignerConfigBuilder(model_configs=[model])
    builder.with_seed_dataset(dd.DataFrameSeedSource(df=pandas.DataFrame(patients(given.count))))
    jinja = PROMPT.replace("{", "{{ ").replace("}", " }}")
    builder.add_column(dd.LLMTextColumnConfig(name="note", model_alias="writer", prompt=jinja, system_prompt=SYSTEM))
    designer = designer_of(artifact_path=str(given.requests.with_suffix(".artifacts")), model_providers=[provider])
    designer.set_run_config(dd.RunConfig(disable_early_shutdown=True, buffer_size=max(given.count, 1000)))

    def work() -> Any:
        return designer.create(builder, num_records=given.count, dataset_name="bench").load_dataset()

    return work, lambda frame: {"units": int(frame["note"].notna().sum()), "at_once": given.at_once}


def chats(count: int) -> list[dict[str, Any]]:
    """A chat for each patient: the system text and the prompt that every peer is given."""
    columns = patients(count)
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return [row | {"instruction": PROMPT.format(**row)} for row in rows]


def distilabel(given: argparse.Namespace) -> tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]:
    """The same column by distilabel, which asks for the texts of a batch at once."""
    from importlib import import_module

    models, tasks = import_module("distilabel.models"), import_module("distilabel.steps.tasks")
    steps, pipelines = import_module("distilabel.steps"), import_module("distilabel.pipeline")
    settings = {"temperature": 0.3, "top_p": 0.9, "max_new_tokens": WORDS}
    with pipelines.Pipeline(name="bench", cache_dir=str(given.requests.with_suffix(".cache"))) as pipeline:
        model = models.OpenAILLM(model="faulty-1", base_url=given.base, api_key="unused", generation_kwargs=settings)
        load = steps.LoadDataFromDicts(data=chats(given.count), batch_size=given.at_once)
        load >> tasks.TextGeneration(llm=model, system_prompt=SYSTEM, input_batch_size=given.at_once)  # its way to join two steps

    def work() -> Any:
        return pipeline.run(use_cache=False)["default"]["train"]

    return work, lambda made: {"units": sum(text is not None for text in made["generation"]), "at_once": given.at_once}


def curator(given: argparse.Namespace) -> tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]:
    """The same column by Bespoke Curator."""
    from importlib import import_module

    os.environ["TIKTOKEN_CACHE_DIR"] = str(Path(str(import_module("litellm").__file__)).parent / "litellm_core_utils" / "tokenizers")
    package = import_module("bespokelabs.curator")

    def prompt(_self: Any, row: dict[str, Any]) -> Any:
        return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": row["instruction"]}]

    def parse(_self: Any, row: dict[str, Any], response: Any) -> dict[str, Any]:
        return {"number": row["number"], "note": response}

    note = type("Note", (package.LLM,), {"prompt": prompt, "parse": parse})
    limits = {"max_concurrent_requests": given.at_once, "max_requests_per_minute": 10**7, "max_tokens_per_minute": 10**9}
    params = {"base_url": given.base, "api_key": "unused", "require_all_responses": False} | limits
    settings = {"temperature": 0.3, "top_p": 0.9, "max_tokens": WORDS}
    model = note(model_name="faulty-1", backend="openai", generation_params=settings, backend_params=params)
    rows = chats(given.count)

    def work() -> Any:
        made = model(rows, working_dir=str(given.requests.with_suffix(".cache")))
        return getattr(made, "dataset", made)

    return work, lambda made: {"units": sum(text is not None for text in made["note"]), "at_once": given.at_once}


JOBS: dict[str, Job] = {
    "text": text,
    "rows": rows,
    "raw": raw,
    "raw-default": raw_default,
    "column": column,
    "data-designer": data_designer,
    "distilabel": distilabel,
    "curator": curator,
}
PEERS = frozenset({"data-designer", "distilabel", "curator"})
"""Jobs by interpreters that haven't our package."""


def processor_time() -> float:
    """Seconds of this process and of those it started and waited for."""
    own, theirs = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + theirs.ru_utime + theirs.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("job", choices=sorted(JOBS))
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--requests", type=Path, required=True)
    parser.add_argument("--base", default="")
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--per-call", type=int, default=0)
    parser.add_argument("--lanes", type=int, default=1)
    given = parser.parse_args()
    if given.job not in PEERS:
        sys.path.insert(0, ROOT)
    work, told = JOBS[given.job](given)
    began, cpu = time.perf_counter(), processor_time()
    made = work()
    cost = {"seconds": time.perf_counter() - began, "cpu": processor_time() - cpu}
    cost |= told(made)
    cost["peak_mb"] = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    # Last, whatever a package printed before.
    sys.stdout.write(f"\n{json.dumps(cost)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
