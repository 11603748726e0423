"""Who takes part, and how their processes are started and talked to."""

import dataclasses
import json
import os
import pathlib
import select
import signal
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent


@dataclasses.dataclass(frozen=True)
class Contestant:
    name: str
    title: str
    command: tuple
    settings: dict = dataclasses.field(default_factory=dict, hash=False)  # more of the environment
    kinds: tuple = ("train", "predict")
    precisions: tuple = ("float32", "float64")
    alone: bool = False  # takes works that the others do not know
    waits: tuple = ("passive",)  # OMP_WAIT_POLICY with two threads; the better of several is taken by a trial
    largest: int = 10**12  # FLOPs of a step beyond which it is left out (it would take minutes)

    def takes(self, work):
        return (work.kind in self.kinds and work.precision in self.precisions and work.flops <= self.largest
                and (self.alone or not work.alone))


def library_of(packages, pattern):
    """A shared library inside a Python package; "" when it is not there."""
    return str(next(iter(sorted(packages.glob(pattern))), ""))


def all_contestants(build, python):
    script = lambda name, *more: (str(python), str(HERE / "peers" / name), *more)
    both = ("passive", "active")
    packages = next(python.parent.parent.glob("lib/python3*/site-packages"))
    return [
        Contestant("strata", "Strata", (str(build / "bin/strata_bench"), "worker"),
                   kinds=("train", "predict", "epoch", "forward", "score"),
                   precisions=("float32", "float64", "bf16"), alone=True),
        Contestant("torch", "PyTorch eager", script("torch_worker.py"), waits=both,
                   precisions=("float32", "float64", "bf16")),
        Contestant("torch-compile", "torch.compile", script("torch_worker.py", "compile"), waits=both),
        Contestant("libtorch", "libtorch (C++)", (str(build / "libtorch/libtorch_worker"),), waits=both),
        Contestant("sklearn", "scikit-learn", script("sklearn_worker.py")),
        Contestant("jax", "JAX jit", script("jax_worker.py")),
        Contestant("jax-scan", "JAX jit, loop inside", script("jax_worker.py", "scan"), kinds=("train",)),
        Contestant("numpy", "NumPy", script("numpy_worker.py")),
        Contestant("numpy-course", "NumPy, course style", script("course_worker.py"), largest=10**10),
        Contestant("onnxruntime", "ONNX Runtime", (str(build / "bin/onnxruntime_worker"),), kinds=("predict",),
                   precisions=("float32",),
                   settings={"STRATA_BENCH_ONNXRUNTIME": library_of(packages, "onnxruntime/capi/libonnxruntime.so*")}),
    ]


class Gone(Exception):
    """The contestant cannot go on: absent, broken or too slow; the text says why."""


def cpus():
    return sorted(os.sched_getaffinity(0))


class Worker:
    """One long-lived process, pinned to as many CPUs as it may have threads, the last ones."""

    def __init__(self, contestant, threads, wait):
        self.contestant, self.threads, self.wait = contestant, threads, wait
        pinned = set(cpus()[-threads:])
        environment = {name: value for name, value in os.environ.items()
                       if name not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "STRATA_BENCH_THREADS"):
            environment[name] = str(threads)
        environment |= {"OMP_WAIT_POLICY": wait, "TF_CPP_MIN_LOG_LEVEL": "3", **contestant.settings}
        self.log = open(ROOT / "build/bench" / f"{contestant.name}-{threads}-{wait}.log", "wb")
        try:
            self.process = subprocess.Popen(contestant.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=self.log, env=environment, bufsize=0,
                                            preexec_fn=lambda: os.sched_setaffinity(0, pinned))
        except OSError as error:
            raise Gone(f"{contestant.command[0]} does not start: {error.strerror}") from None
        self.rest = b""
        self.greeting = self.read(120)
        self.process.send_signal(signal.SIGSTOP)

    @property
    def setting(self):
        return "one thread" if self.threads == 1 else f"{self.threads} threads, {self.wait} waiting"

    def read(self, seconds):
        end = time.monotonic() + seconds
        while b"\n" not in self.rest:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))
            if not ready:
                self.process.kill()
                raise Gone(f"no answer within {seconds:.0f} s")
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece:
                raise Gone(f"ended with status {self.process.wait()}: see {pathlib.Path(self.log.name).relative_to(ROOT)}")
            self.rest += piece
        line, self.rest = self.rest.split(b"\n", 1)
        return json.loads(line)

    def ask(self, line, seconds=300):
        """Between its answers a worker is stopped: threads that wait actively would take a CPU from whoever runs next."""
        self.process.send_signal(signal.SIGCONT)
        try:
            self.process.stdin.write(line.encode() + b"\n")
            answer = self.read(seconds)
        except BrokenPipeError:
            raise Gone("ended") from None
        finally:
            self.process.send_signal(signal.SIGSTOP)
        if "error" in answer or "absent" in answer:
            raise Gone(answer.get("error") or answer["absent"])
        return answer

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            try:
                self.process.stdin.write(b"quit\n")
                self.process.wait(10)
            except (BrokenPipeError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait()
        self.log.close()


class Workers:
    """Every worker that runs, by contestant, threads and waiting; started when first needed."""

    def __init__(self):
        self.running, self.failed, self.greetings = {}, {}, {}

    def get(self, contestant, threads, wait):
        key = contestant.name, threads, wait
        if key in self.failed:
            raise Gone(self.failed[key])
        if key not in self.running:
            try:
                self.running[key] = Worker(contestant, threads, wait)
                self.greetings.setdefault(contestant.name, self.running[key].greeting)
            except Gone as reason:
                self.failed[key] = str(reason)
                raise
        return self.running[key]

    def drop(self, worker):
        for key in [key for key, value in self.running.items() if value is worker]:
            worker.close()
            del self.running[key]

    def forget(self, folder):
        for worker in list(self.running.values()):
            try:
                worker.ask(f"forget {folder}")
            except Gone:
                self.drop(worker)

    def close(self):
        for worker in self.running.values():
            worker.close()
