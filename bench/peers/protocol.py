"""What the contestants in Python share: reading a work, the conversation with bench.py, the loss. See ../runner.hpp."""

import gc
import json
import pathlib
import sys
import time
import types

import numpy as np

TINY = 1e-30


class NotBuilt(Exception):
    """The contestant cannot do this work; bench.py lists it as absent, with this reason."""


def read_work(folder):
    folder = pathlib.Path(folder)
    work = types.SimpleNamespace(**json.loads((folder / "work.json").read_text()))
    if work.format != 1:
        raise ValueError(f"{folder}/work.json: expected format 1, found {work.format}")
    work.folder = folder
    work.dtype = np.dtype("float64" if work.precision == "float64" else "float32")
    work.batches = work.rows // work.batch
    return work


def examples(work):
    """X (rows, n_x) and Y (rows, n_y), one example contiguous. Private pages of the file: no copy, and writable."""
    return (np.memmap(work.folder / name, dtype=work.dtype, mode="c", shape=(work.rows, width))
            for name, width in (("x", work.layers[0]), ("y", work.layers[-1])))


def parameters(work):
    """[(W, b), …] with W (n_prev, n): column-major W[l] (n, n_prev) read as C order, so that Z = A @ W + b."""
    theta, at, pairs = np.fromfile(work.folder / "theta", dtype=work.dtype), 0, []
    for n_prev, n in zip(work.layers, work.layers[1:]):
        W = theta[at:at + n_prev * n].reshape(n_prev, n)
        b = theta[at + n_prev * n:at + n_prev * n + n]
        pairs.append((W.copy(), b.copy()))
        at += n_prev * n + n
    return pairs


def mean_loss(work, A, Y):
    """Over the examples, from the outputs A (m, n_y); as mean_loss of ../work.hpp."""
    A, Y = np.asarray(A, np.float64), np.asarray(Y, np.float64)
    if work.loss == "squared_error":
        total = ((A - Y) ** 2).sum() / 2
    else:
        total = -(Y * np.log(A + TINY)).sum()
        if work.loss == "binary_cross_entropy":
            total -= ((1 - Y) * np.log(1 - A + TINY)).sum()
    return float(total / len(A))


def head(work, Z):
    if work.loss == "squared_error":
        return Z
    if work.loss == "binary_cross_entropy":
        return 1 / (1 + np.exp(-Z))
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


class Runner:
    """run(count) does steps or calls on the batches in order; reset() gives the initial weights again."""

    def reset(self):
        pass

    def run(self, count):
        raise NotImplementedError

    def loss(self):
        raise NotImplementedError


def add_latency(runner, count, answer):
    block, blocks, calls = 16, [], []
    for _ in range(max(count // block, 1)):
        start = time.perf_counter()
        runner.run(block)
        blocks.append((time.perf_counter() - start) / block)
    for _ in range(count):
        start = time.perf_counter()
        runner.run(1)
        calls.append(time.perf_counter() - start)
    answer["median"] = float(np.quantile(blocks, 0.5))
    answer["p99"] = float(np.quantile(calls, 0.99))


def run_in_parts(runner, count):
    """As runner.hpp does: the first steps, and what the machine does for a moment, fall on few parts of a run."""
    parts, of_one = min(count, 5), []
    for part in range(parts):
        size = count * (part + 1) // parts - count * part // parts
        start = time.perf_counter()
        runner.run(size)
        of_one.append((time.perf_counter() - start) / size)
    return sorted(of_one)[(parts - 1) // 2] * count


def timed(work, runner, count):
    runner.reset()
    gc.collect()
    gc.disable()  # as timeit does
    cpu, start = time.process_time(), time.perf_counter()
    answer = {"seconds": run_in_parts(runner, count)}
    answer["cpu_share"] = (time.process_time() - cpu) / (time.perf_counter() - start)
    answer["loss"] = runner.loss()
    if work.kind == "predict" and work.batch == 1:
        add_latency(runner, count, answer)
    gc.enable()
    return answer


def peak_mib():
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return float(line.split()[1]) / 1024
    return 0.0


def serve(greeting, make):
    runners = {}
    answers = sys.stdout
    sys.stdout = sys.stderr  # what a library prints is no answer
    print(json.dumps(greeting), file=answers, flush=True)
    for line in sys.stdin:
        words = line.split()
        if words == ["quit"]:
            break
        try:
            if len(words) == 3 and words[0] == "run":
                if words[1] not in runners:
                    work = read_work(words[1])
                    runners[words[1]] = work, make(work)
                answer = timed(*runners[words[1]], int(words[2]))
            elif len(words) == 2 and words[0] == "forget":
                runners.pop(words[1], None)
                answer = {}
            elif words == ["memory"]:
                answer = {"peak_mib": peak_mib()}
            else:
                answer = {"error": f"expected 'run FOLDER N', 'forget FOLDER', 'memory' or 'quit', found: {line!r}"}
        except NotBuilt as reason:
            answer = {"absent": str(reason)}
        except Exception as error:  # bench.py reports it beside the contestant's name and goes on with the others
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)
