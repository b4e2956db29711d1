"""`import synthnb` costs next to nothing and loads nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    "pandas",
    "numpy",
    "scipy",
    "sklearn",
    "xllamacpp",
    "ipywidgets",
    "anywidget",
    "polars",
    "torch",
    "jax",
    "pydantic",
    "jinja2",
    "nbformat",
}


def loaded(statement: str) -> set[str]:
    """Heavy modules in a fresh interpreter after a statement."""
    code = f"import sys, json\n{statement}\nprint(json.dumps(sorted(set(sys.modules) & set({sorted(HEAVY)!r}))))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("statement", ["import synthnb", "import synthnb; synthnb.generate; synthnb.get_config()", "import synthnb.errors"])
def test_importing_loads_nothing_heavy(statement: str) -> None:
    assert loaded(statement) == set()


def test_loading_the_magics_loads_nothing_heavy() -> None:
    start = "from IPython.core.interactiveshell import InteractiveShell; shell = InteractiveShell.instance()"
    code = f"{start}; import synthnb; synthnb.load_ipython_extension(shell)"
    assert loaded(code) == set()


def seconds(statement: str) -> float:
    """The least of five fresh interpreters' times for a statement, IPython being there already."""
    code = f"import IPython, time; t = time.perf_counter(); {statement}; print(time.perf_counter() - t)"
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout for _ in range(5)]
    return min(float(run) for run in runs)


def test_importing_takes_at_most_a_tenth_of_a_second_over_ipython() -> None:
    assert seconds("import synthnb") <= 0.1


def test_importing_touches_neither_disk_nor_network(tmp_path: object) -> None:
    code = (
        "import sys\n"
        "def watch(event, args):\n"
        "    if event in {'socket.connect', 'os.mkdir'} or (event == 'open' and isinstance(args[1], str) and set(args[1]) & set('wax+')):\n"
        "        raise SystemExit(f'{event} {args}')\n"
        "sys.dont_write_bytecode = True\n"
        "sys.addaudithook(watch)\n"
        "import synthnb\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=str(tmp_path))
