"""The works: which net, which data, what to do, and what is to be reached. Written to folders that every
contestant reads (work.hpp says what is in them)."""

import dataclasses
import json
import os
import zlib

import numpy as np

try:
    import onnx_model
except ImportError:  # then ONNX Runtime has no model and is absent
    onnx_model = None

SEED = 20240817


@dataclasses.dataclass(frozen=True)
class Net:
    layers: tuple
    loss: str
    rows: int
    rate: dict  # learning rate by optimizer: large enough to move the loss in a run, small enough to be tame


NETS = {
    "A": Net((30, 64, 32, 1), "binary_cross_entropy", 569, {"gradient_descent": 0.01, "adam": 0.0003}),
    "A1024": Net((30, 64, 32, 1), "binary_cross_entropy", 2048, {"gradient_descent": 0.01, "adam": 0.0003}),
    "B": Net((64, 128, 64, 10), "categorical_cross_entropy", 1797, {"gradient_descent": 0.01, "adam": 0.0003}),
    "C": Net((784, 512, 512, 10), "categorical_cross_entropy", 60000, {"gradient_descent": 0.01, "adam": 0.0001}),
    "D": Net((12288, 20, 7, 5, 1), "binary_cross_entropy", 209, {"gradient_descent": 0.001, "adam": 0.0001}),
    "F": Net((256, 256, 256), "squared_error", 8192, {"gradient_descent": 0.001, "adam": 0.0001}),
    "E": Net((1024, 4096, 4096, 1024), "squared_error", 2048, {"gradient_descent": 0.0001, "adam": 0.0001}),
}


@dataclasses.dataclass(frozen=True)
class Work:
    name: str
    title: str
    net: Net
    data: str  # works with the same data share their files
    batch: int
    count: int  # steps, calls or epochs in one timed run
    kind: str = "train"
    optimizer: str = "gradient_descent"
    precision: str = "float32"
    threads: int = 1
    l2: float = 0
    dropout: float = 0
    weights: bool = False  # the examples count 1, 2, 3 and 4 by turns
    clip_norm: float = 0
    schedule: str = "constant"
    metrics: str = ""  # measured beside the usual ones
    checkpoints: bool = False  # one after each epoch
    targets: dict = dataclasses.field(default_factory=dict, hash=False)

    @property
    def products(self):
        return [n_prev * n for n_prev, n in zip(self.net.layers, self.net.layers[1:])]

    @property
    def flops(self):
        """Of the products of one step or call: forward, dW, and dA of every layer but the first."""
        if self.kind in ("predict", "forward", "score"):
            return 2 * self.batch * sum(self.products)
        of_step = 2 * self.batch * (3 * sum(self.products) - self.products[0])
        return of_step * (self.net.rows / self.batch if self.kind == "epoch" else 1)

    @property
    def alone(self):
        """Does it ask for what the peers are not measured with?"""
        return bool(self.l2 or self.dropout or self.weights or self.clip_norm or self.schedule != "constant")

    @property
    def base(self):
        """The work of Strata's own that this one is measured against, in the same rounds; None where there is none."""
        name = next((aim[0] for kind, aim in self.targets.items() if kind in ("against", "epoch")), None)
        return next((work for work in WORKS if work.name == name), None)

    @property
    def tolerance(self):
        """How far, relatively, a contestant's loss may be from Strata's."""
        return {"float32": 1e-3, "float64": 1e-6, "bf16": 5e-2}[self.precision]


def of(name, title, net, batch, count, **more):
    return Work(name, title, NETS[net], net, batch, count, **more)


# The targets: peak (% of the FMA peak), eager and fastest (times faster than PyTorch eager and than the fastest peer),
# course (than NumPy in the course's style), against (work, times faster than Strata's own run of that work in the same
# rounds), microseconds or onnx (a fraction of ONNX Runtime's time), epoch (work, at most so many times its steps).
OPTIONS = {"weights": True, "clip_norm": 1.0, "schedule": "cosine"}
OF_CLASSES = "balanced-accuracy,f1,mcc,roc-auc,pr-auc,log-loss,brier"
WORKS = [
    of("A-32", "A, batch 32, SGD", "A", 32, 5000, targets={"peak": 80, "eager": 28, "fastest": 2}),
    of("A-256", "A, batch 256, SGD", "A", 256, 1000, targets={"peak": 84, "eager": 5, "fastest": 1.6}),
    of("B", "B, batch 64, SGD", "B", 64, 1000, targets={"peak": 84, "eager": 5, "fastest": 1.6}),
    of("A-32-adam", "A, batch 32, Adam", "A", 32, 2500, optimizer="adam", targets={"peak": 70, "eager": 9, "fastest": 1.8}),
    of("B-adam", "B, batch 64, Adam", "B", 64, 1000, optimizer="adam", targets={"peak": 70, "eager": 9, "fastest": 1.8}),
    of("C", "C, batch 128, SGD", "C", 128, 30, targets={"peak": 90, "fastest": 1.4}),
    of("C-adam", "C, batch 128, Adam", "C", 128, 30, optimizer="adam", targets={"peak": 78, "fastest": 2.4}),
    of("D", "D, full batch of 209, SGD", "D", 209, 20, targets={"fastest": 2}),
    of("D-f64", "D, full batch of 209, SGD, float64", "D", 209, 10, precision="float64", targets={"course": 4}),
    of("E", "E, batch 1024, SGD", "E", 1024, 1, targets={"peak": 88, "fastest": 1.15}),
    of("B-2t", "B, batch 64, SGD, two threads", "B", 64, 500, threads=2),
    of("C-2t", "C, batch 128, SGD, two threads", "C", 128, 40, threads=2,
       targets={"peak": 84, "fastest": 1.4, "against": ("C", 1.8)}),
    of("E-2t", "E, batch 1024, SGD, two threads", "E", 1024, 1, threads=2,
       targets={"peak": 88, "fastest": 1.15, "against": ("E", 1.8)}),
    of("C-l2", "C, batch 128, SGD, L2", "C", 128, 30, l2=0.1, targets={"against": ("C", 0.97)}),
    of("C-adam-l2", "C, batch 128, Adam, L2", "C", 128, 30, optimizer="adam", l2=0.1, targets={"against": ("C-adam", 0.97)}),
    of("C-l2-2t", "C, batch 128, SGD, L2, two threads", "C", 128, 40, threads=2, l2=0.1, targets={"against": ("C-2t", 0.97)}),
    of("F", "F, batch 256, SGD", "F", 256, 60),
    of("F-dropout", "F, batch 256, SGD, dropout", "F", 256, 60, dropout=0.5, targets={"against": ("F", 0.95)}),
    of("C-dropout", "C, batch 128, SGD, dropout", "C", 128, 30, dropout=0.5, targets={"against": ("C", 0.95)}),
    of("C-bf16", "C, batch 128, SGD, bf16", "C", 128, 30, precision="bf16", targets={"against": ("C", 1.7)}),
    of("E-bf16", "E, batch 1024, SGD, bf16", "E", 1024, 1, precision="bf16", targets={"against": ("E", 1.7)}),
    of("row-A", "one row of A", "A", 1, 2000, kind="predict", targets={"microseconds": 0.15, "onnx": 1 / 12}),
    of("row-B", "one row of B", "B", 1, 2000, kind="predict", targets={"microseconds": 0.6, "onnx": 1 / 4}),
    of("row-C", "one row of C", "C", 1, 500, kind="predict", targets={"microseconds": 28, "onnx": 0.9}),
    of("row-C-bf16", "one row of C, bf16", "C", 1, 500, kind="predict", precision="bf16",
       targets={"against": ("row-C", 1.7)}),
    of("rows-A", "1,024 rows of A", "A1024", 1024, 40, kind="predict", targets={"peak": 70}),
    of("rows-B", "1,024 rows of B", "B", 1024, 20, kind="predict", targets={"peak": 80}),
    of("rows-C", "1,024 rows of C", "C", 1024, 2, kind="predict", targets={"peak": 80}),
    of("rows-C-bf16", "1,024 rows of C, bf16", "C", 1024, 2, kind="predict", precision="bf16",
       targets={"against": ("rows-C", 1.7)}),
    of("C-epoch", "an epoch of C: 60,000 rows, shuffled, with its report", "C", 128, 1, kind="epoch",
       targets={"epoch": ("C", 1.08)}),
    *(of(f"{base}-{name}", f"{base}, {title}", base[0], batch, count, **more, **options, targets={"against": (base, 0.95)})
      for base, batch, count, more in (("A-32", 32, 5000, {}), ("A-32-adam", 32, 2500, {"optimizer": "adam"}),
                                       ("C", 128, 30, {}), ("C-adam", 128, 30, {"optimizer": "adam"}))
      for name, title, options in (("weights", "weights", {"weights": True}), ("clipping", "clipping by norm", {"clip_norm": 1.0}),
                                   ("schedule", "cosine schedule", {"schedule": "cosine"}),
                                   ("options", "weights, clipping and schedule", OPTIONS))),
    of("forward-A", "2,048 examples of A, the way forward", "A1024", 2048, 20, kind="forward"),
    of("score-A", "the same and their usual metrics", "A1024", 2048, 20, kind="score", targets={"against": ("forward-A", 1 / 1.1)}),
    of("score-A-all", "the same and all metrics", "A1024", 2048, 20, kind="score", metrics=OF_CLASSES,
       targets={"against": ("forward-A", 1 / 1.1)}),
    of("forward-C", "12,000 examples of C, the way forward", "C", 12000, 1, kind="forward"),
    of("score-C", "the same and their usual metrics", "C", 12000, 1, kind="score", targets={"against": ("forward-C", 1 / 1.1)}),
    of("score-C-all", "the same and all metrics", "C", 12000, 1, kind="score", metrics=OF_CLASSES,
       targets={"against": ("forward-C", 1 / 1.1)}),
    of("C-adam-epoch", "an epoch of C with Adam", "C", 128, 2, kind="epoch", optimizer="adam"),
    of("C-checkpoint", "the same and a checkpoint after each", "C", 128, 2, kind="epoch", optimizer="adam", checkpoints=True,
       targets={"against": ("C-adam-epoch", 1 / 1.02)}),
]


def rng_of(*words):
    return np.random.default_rng([SEED, *(zlib.crc32(str(word).encode()) for word in words)])


def make_data(net, data, dtype):
    """Normal features and a teacher, so that there is something to learn."""
    rng, (n_x, n_y) = rng_of("data", data), (net.layers[0], net.layers[-1])
    X = rng.standard_normal((net.rows, n_x), np.float32)
    teacher = rng.standard_normal((n_x, n_y), np.float32) / np.float32(np.sqrt(n_x))
    Z = X @ teacher
    if net.loss == "categorical_cross_entropy":
        Y = np.eye(n_y, dtype=np.float32)[Z.argmax(axis=1)]
    elif net.loss == "binary_cross_entropy":
        Y = (Z > 0).astype(np.float32)
    else:
        Y = Z
    return X.astype(dtype), Y.astype(dtype)


def make_parameters(net, dtype):
    """He's initial weights as one flat vector; W[l] (n_l, n_{l−1}) column-major."""
    rng, parts = rng_of("theta", net.layers), []
    for n_prev, n in zip(net.layers, net.layers[1:]):
        parts += [rng.standard_normal(n_prev * n) * np.sqrt(2 / n_prev), np.zeros(n)]
    return np.concatenate(parts).astype(dtype)


def loss_before(work, theta, X, Y):
    """Of the initial weights on the first batch: a run that leaves the loss there has not trained."""
    A, at, last = X[:work.batch].astype(np.float64), 0, len(work.net.layers) - 1
    for l, (n_prev, n) in enumerate(zip(work.net.layers, work.net.layers[1:]), 1):
        A = A @ theta[at:at + n_prev * n].reshape(n_prev, n) + theta[at + n_prev * n:at + n_prev * n + n]
        A = np.maximum(A, 0) if l < last else A
        at += n_prev * n + n
    Y = Y[:work.batch].astype(np.float64)
    if work.net.loss == "squared_error":
        each = (A - Y) ** 2 / 2
    elif work.net.loss == "binary_cross_entropy":
        each = np.logaddexp(0, A) - Y * A
    else:
        each = Y * (np.logaddexp.reduce(A, axis=1, keepdims=True) - A)
    return float(each.sum() / work.batch)


def write(work, root):
    """The folder of the work, made when it is not there yet."""
    dtype = np.float64 if work.precision == "float64" else np.float32
    shared = root / "data" / f"{work.data}-{np.dtype(dtype).name}"
    description = {
        "format": 1, "name": work.name, "kind": work.kind, "layers": work.net.layers, "loss": work.net.loss,
        "optimizer": work.optimizer, "learning_rate": work.net.rate[work.optimizer], "precision": work.precision,
        "batch": work.batch, "rows": work.net.rows, "threads": work.threads, "seed": SEED,
        "l2": work.l2, "dropout": work.dropout, "weights": work.weights, "clip_norm": work.clip_norm,
        "schedule": work.schedule, "metrics": work.metrics, "checkpoints": work.checkpoints,
    }
    folder = root / "works" / work.name
    try:
        found = json.loads((folder / "work.json").read_text())
        if {**found, "loss_before": 0} == {**json.loads(json.dumps(description)), "loss_before": 0}:
            return folder, found["loss_before"]
    except (OSError, ValueError, KeyError):
        pass
    shared.mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    X, Y = make_data(work.net, work.data, dtype)
    for name, numbers in (("x", X), ("y", Y)):
        if not (shared / name).exists() or (shared / name).stat().st_size != numbers.nbytes:
            numbers.tofile(shared / name)
        (folder / name).unlink(missing_ok=True)
        os.link(shared / name, folder / name)
    theta = make_parameters(work.net, dtype)
    theta.tofile(folder / "theta")
    if onnx_model and work.kind == "predict" and work.precision == "float32":
        onnx_model.write(work, theta, folder / "model.onnx")
    description["loss_before"] = loss_before(work, theta, X, Y)
    (folder / "work.json").write_text(json.dumps(description))
    return folder, description["loss_before"]
