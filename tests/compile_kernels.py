"""Compiles the kernels that most tests need, before the worker processes of pytest start.

Two workers that need the same kernel at the same time would both compile it, which takes up to 25 s for one kernel.
"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# Each text is run by a process of its own, the longest compilation first; with CPU seconds on one core.
_CALLS = {
    "fixed points": """
rj.count_fixed_points(rj.Ensemble.berlyand_slavin(8, 2), networks=2, rng=0)
net = rj.Network([[[2.0, 0.1], [0.2, 3.0]]], [[0.1, -0.1]], ["tanh"])
rj.find_fixed_points(net, "grid", step=0.25)
rj.find_basins(net, step=0.25)
""",  # 30 s
    "limits": """
rj.limit_spectrum(rj.Ensemble([30, 45, 20], ["hardtanh", "relu"])).density([0.5])
limit = rj.limit_spectrum(rj.Ensemble.square(30, 2, "tanh"))
limit.density([0.5]), limit.cdf(0.5)
""",  # 25 s
    "populations": """
options = {"pool": 16, "replicas": 2, "burn": 1, "sweeps": 1, "weights": 4, "angle": 1.0, "threads": 1}
rj.limit_spectrum(rj.Ensemble.square(9, 2, "tanh", rj.Cauchy()), population=options)
rj.limit_spectrum(rj.Ensemble.square(9, 1, "hardtanh", rj.Cauchy())).density(1.0)
""",  # 22 s
    "samples": """
ensemble = rj.Ensemble.square(6, 3, "tanh", biases="gaussian:0.1")
rj.sample_spectrum(ensemble, samples=2, rng=0)
rj.spectra.lanczos_spectrum(ensemble, samples=1, rng=0, probes=2, steps=4)
""",  # 20 s
    "samples to high relative accuracy": """
rj.sample_spectrum(rj.Ensemble.square(6, 3), samples=2, rng=0, precision="accurate")
""",  # 14 s
    "products of stable matrices": """
rj.limit_spectrum(rj.Ensemble.square(9, 2, "linear", rj.Cauchy())).cdf(1.0)
""",  # 14 s
}


def _compile(code):
    """Run calls in a process of its own; what fails here fails in a test, which says why."""
    command = [sys.executable, "-c", f"import rmtjac as rj\n{code}"]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, check=False)
    return done.returncode


def compile_kernels(folder, processes):
    """Compile into the cache folder of this run, once for each state of the sources."""
    done = Path(folder) / "compiled"
    if done.exists():
        return
    print("compiling the kernels that most tests need, once: about a minute", flush=True)
    with ThreadPoolExecutor(processes) as pool:
        codes = list(pool.map(_compile, _CALLS.values()))
    if not any(codes):
        done.parent.mkdir(parents=True, exist_ok=True)
        done.touch()
