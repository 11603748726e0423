"""What is not a step or a call: the products of one layer alone, starting up, the size of the program, memory."""

import json
import os
import statistics
import subprocess

import works
from contestants import ROOT, Gone, Worker, cpus
from measure import quartiles


def products(program, libraries, quick):
    """GFLOP/s by shape, product and library, from Google Benchmark in shuffled order; one thread."""
    environment = {**os.environ, **libraries, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    environment = {k: v for k, v in environment.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    command = [str(program), "products", "--benchmark_format=json", "--benchmark_enable_random_interleaving=true",
               f"--benchmark_repetitions={3 if quick else 9}", f"--benchmark_min_time={0.02 if quick else 0.05}"]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          preexec_fn=lambda: os.sched_setaffinity(0, cpus()[-1:]))
    if done.returncode != 0:
        raise SystemExit(f"bench: {' '.join(command)} failed ({done.returncode}): {done.stderr}")
    rates = {}
    for entry in json.loads(done.stdout)["benchmarks"]:
        if entry.get("run_type") == "iteration":
            rates.setdefault(entry["run_name"], []).append(entry["gflops"])
    peak = max(statistics.median(values) for name, values in rates.items() if name.startswith("peak/"))
    table = {}
    for name, values in rates.items():
        if not name.startswith("peak/"):
            library, product, shape = name.split("/")[:3]
            q1, q2, q3 = quartiles(values)
            table.setdefault(shape, {}).setdefault(product, {})[library] = {
                "gflops": q2, "q1": q1, "q3": q3, "percent_of_peak": 100 * q2 / peak}
    return {"peak_gflops": peak, "shapes": table, "libraries": {k: bool(v) for k, v in libraries.items()}}


def started(bench, command):
    """Seconds and MiB of a process from start to end."""
    done = subprocess.run([bench, "spawn", *command], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise SystemExit(f"bench: {' '.join(map(str, command))} failed ({done.returncode})")
    answer = json.loads(done.stdout)
    return answer["seconds"], answer["mib"]


def startup(bench, program, python, quick):
    commands = {"strata --help": [program, "--help"]}
    for module in ("torch", "sklearn.neural_network", "jax", "onnxruntime", "numpy"):
        commands[f"python -c 'import {module}'"] = [python, "-c", f"import {module}"]
    for command in commands.values():
        started(bench, command)  # into the page cache
    results = {name: [] for name in commands}
    for number in range(5 if quick else 15):
        for name, command in commands.items():
            if number < 3 or name.startswith("strata"):
                results[name].append(started(bench, command))
    return {name: {"seconds": statistics.median(s for s, _ in runs), "mib": statistics.median(m for _, m in runs)}
            for name, runs in results.items()}


def sizes(binaries, folder):
    found = {}
    for binary in binaries:
        stripped = folder / (binary.name + ".stripped")
        subprocess.run(["strip", "-o", stripped, binary], check=True)
        found[binary.name] = stripped.stat().st_size / 1e6
        stripped.unlink()
    return found


def memory(bench, program, field, folder_root):
    """MiB at most: the program training A from its CSV file; and each contestant's process after the work A-32."""
    data = ROOT / "data/breast_cancer.csv"
    model = folder_root / "memory.strata"
    found = {"strata train": started(bench, [program, "train", data, "--epochs", "5", "--output", model])[1]}
    model.unlink(missing_ok=True)
    work = next(w for w in works.WORKS if w.name == "A-32")
    folder, _ = works.write(work, folder_root)
    for contestant in field:
        if not contestant.takes(work):
            continue
        try:
            worker = Worker(contestant, 1, "passive")
            worker.ask(f"run {folder} {work.count}")
            found[contestant.title] = worker.ask("memory")["peak_mib"]
            worker.close()
        except Gone:
            pass  # it is listed as absent with the works
    return found
