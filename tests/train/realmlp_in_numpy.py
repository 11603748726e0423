"""RealMLP (Holzmüller, Grinsztajn and Steinwart, "Better by default", 2024) in NumPy, float64, written from its equations,
examples in columns, with its own embedding of numbers and with the piecewise-linear one of Gorishniy, Rubachev and Babenko, 2022;
and the program beside it, step by step. Usage: realmlp_in_numpy.py STRATA
"""

import itertools
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

STEPS, M, HIDDEN, K, Q, D = 50, 90, [12, 10, 8], 16, 3, 8  # frequencies; numbers of an embedding; of a level
BINS, P = 48, 16  # pieces, and numbers of an embedding by them
RATE_FACTOR = {"b": 0.1, "a": 0.1, "F": 0.1, "phi": 0.1, "U": 0.1, "V": 0.1, "c": 0.1, "s": 6}
DECAY = {"b": 0, "a": 0.002, "F": 0.002, "phi": 0.002, "U": 0.002, "V": 0.002, "c": 0.002, "s": 0.12}
LEVELS = [f"l{i:02}" for i in range(12)]


def scaled(x):
    """Robust scale and smooth clip of a column."""
    low, middle, high = np.quantile(x, [0.25, 0.5, 0.75])
    divisor = high - low if high > low else (x.max() - x.min()) / 2
    t = (x - middle) / divisor
    return t / np.sqrt(1 + (t / 3) ** 2)


def philox(counter, key):
    """Philox4x32-10 (Salmon et al., 2011) of arrays of counters."""
    c, (k0, k1), mask = [np.asarray(word, np.uint64) for word in counter], key, np.uint64(0xFFFFFFFF)
    for _ in range(10):
        p0, p1 = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [(p1 >> np.uint64(32)) ^ c[1] ^ np.uint64(k0), p1 & mask, (p0 >> np.uint64(32)) ^ c[3] ^ np.uint64(k1), p0 & mask]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.broadcast_arrays(*c)


def kept(rate, seed, step, layer, units):
    """What dropout leaves, times 1/(1−p): p in 65536ths, a function of seed, step, layer, row and unit."""
    threshold = round(rate * 65536)
    key = [int(word) for word in philox([step, 0, layer, 4], (seed, 0))[:2]]
    i, row = np.arange(units)[:, None], np.arange(M)[None, :]
    words = np.stack(philox([i // 64 * 8 + i % 32 // 4 + 0 * row, row + 0 * i, 0 * row + 0 * i, 0 * row + 0 * i], key))
    word = np.take_along_axis(words, (i // 32 % 2 * 2 + i % 4 // 2 + 0 * row)[None], axis=0)[0]
    drawn = (word >> np.uint64(16) * (i % 2).astype(np.uint64)) & np.uint64(0xFFFF)
    return (drawn >= threshold) / (1 - threshold / 65536)


def selu(z):
    scale, alpha = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
    return scale * np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0))), scale * np.where(z > 0, 1, alpha * np.exp(np.minimum(z, 0)))


def mish(z):
    t, sigma = np.tanh(np.logaddexp(0, z)), 1 / (1 + np.exp(-z))
    return z * t, t + z * sigma * (1 - t * t)


def flat_cosine(t):
    return 1 if t <= 0.5 else 0.5 * (1 + np.cos(np.pi * (2 * t - 1)))


class Periodic:
    """x, Vᵀ cos(2π f x + φ) + c of each number x (m)."""

    def __init__(self, numbers):
        self.numbers, self.rows = numbers, (Q + 1) * len(numbers)

    def start(self, random):
        n = len(self.numbers)
        return {"F": 0.1 * random.randn(K, n), "phi": random.randn(K, n), "V": random.randn(K, n * Q) / 4, "c": random.randn(Q, n) / 4}

    def forward(self, p):
        self.u = [2 * np.pi * p["F"][:, [j]] * x + p["phi"][:, [j]] for j, x in enumerate(self.numbers)]  # (k, m) each
        self.V = [p["V"][:, Q * j:Q * (j + 1)] for j in range(len(self.numbers))]
        return [np.vstack([x, self.V[j].T @ np.cos(self.u[j]) + p["c"][:, [j]]]) for j, x in enumerate(self.numbers)]

    def backward(self, dZ, d):
        for j, (x, u, V) in enumerate(zip(self.numbers, self.u, self.V)):
            de = dZ[(Q + 1) * j + 1:(Q + 1) * (j + 1)]
            d["c"][:, j], d["V"][:, Q * j:Q * (j + 1)] = de.sum(axis=1) / M, np.cos(u) @ de.T / M
            du = -np.sin(u) * (V @ de)
            d["phi"][:, j], d["F"][:, j] = du.sum(axis=1) / M, (du * 2 * np.pi * x).sum(axis=1) / M


def pieces(x):
    """e(x): a row for each piece between two edges, which are at least a millionth apart: the numbers that many rows have, and the
    quantiles of the others."""
    values, rows = np.unique(x, return_counts=True)
    often = values[rows > max(len(x) / BINS, 1)]
    others = x[~np.isin(x, often)]
    bins = min(BINS - len(often), len(others))  # at most one a row
    edges = []
    for edge in sorted([*often, *(np.quantile(others, np.linspace(0, 1, bins + 1)) if others.size else [])]):
        if not edges or edge - edges[-1] >= 1e-6 * max(1, abs(edge), abs(edges[-1])):
            edges.append(edge)
    return np.array([np.clip((x - b) / (b_next - b), 0, 1) for b, b_next in zip(edges, edges[1:])])


class Piecewise:
    """U x + V e(x) + c of each number x (m)."""

    def __init__(self, numbers):
        self.numbers, self.rows, self.e = numbers, P * len(numbers), [pieces(x) for x in numbers]
        self.ends = np.cumsum([len(e) for e in self.e])

    def start(self, random):
        n = len(self.numbers)
        return {"U": random.randn(P, n) / 4, "V": random.randn(P, self.ends[-1]) / 20, "c": random.randn(P, n) / 4}

    def forward(self, p):
        return [p["U"][:, [j]] * x + p["V"][:, end - len(e):end] @ e + p["c"][:, [j]]
                for j, (x, e, end) in enumerate(zip(self.numbers, self.e, self.ends))]

    def backward(self, dZ, d):
        for j, (x, e, end) in enumerate(zip(self.numbers, self.e, self.ends)):
            dz = dZ[P * j:P * (j + 1)]
            d["U"][:, j], d["V"][:, end - len(e):end], d["c"][:, j] = dz @ x / M, dz @ e.T / M, dz.sum(axis=1) / M


def gradients(p, embedding, others, codes, y, g, head, dropout, step):
    """The loss of all examples, and its gradient by every array of p."""
    L, d = len(HIDDEN) + 1, {}
    Z, A, H, masks, slopes = [np.vstack([*embedding.forward(p), *others, p["E"][:, codes]])], [None], [None], [None], [None]
    A[0] = p["s"] * Z[0]
    for l in range(1, L + 1):
        Z.append(p[f"W{l}"] @ A[-1] + p[f"b{l}"])
        if l == L:
            break
        h, slope = g(Z[l])
        H.append(h), slopes.append(slope), masks.append(kept(dropout, 1, step, l, HIDDEN[l - 1]))
        A.append((Z[l] + p[f"a{l}"] * (h - Z[l])) * masks[l])
    cost, dZ = head(Z[L], y)
    for l in range(L, 0, -1):
        d[f"W{l}"], d[f"b{l}"] = dZ @ A[l - 1].T / M, dZ.sum(axis=1, keepdims=True) / M
        dA = p[f"W{l}"].T @ dZ
        if l > 1:
            dA = dA * masks[l - 1]
            d[f"a{l - 1}"] = (dA * (H[l - 1] - Z[l - 1])).sum(axis=1, keepdims=True) / M
            dZ = dA * (1 + p[f"a{l - 1}"] * (slopes[l - 1] - 1))
    d["s"], dZ = (dA * Z[0]).sum(axis=1, keepdims=True) / M, p["s"] * dA
    for name in p.keys() & {"F", "phi", "U", "V", "c", "E"}:
        d[name] = np.zeros_like(p[name])
    embedding.backward(dZ, d)
    np.add.at(d["E"].T, codes, dZ[-D:].T / M)
    return cost / M, d


def train(p, rate, *what):
    p, first, second, costs = {name: array.copy() for name, array in p.items()}, {}, {}, []
    for step in range(STEPS):
        t = step / STEPS
        cost, d = gradients(p, *what, 0.15 * flat_cosine(t), step)
        costs.append(cost)
        for name, g in d.items():
            kind = name.rstrip("0123456789")
            n = p[name].shape[1] if kind == "W" else 1  # NTP: of √n W, in terms of W
            alpha = rate * 0.5 * (1 - np.cos(2 * np.pi * np.log2(1 + 15 * t))) * RATE_FACTOR.get(kind, 1)
            first[name] = 0.9 * first.get(name, 0) + 0.1 * g
            second[name] = 0.95 * second.get(name, 0) + 0.05 * g * g
            m_hat, v_hat = first[name] / (1 - 0.9 ** (step + 1)), second[name] / (1 - 0.95 ** (step + 1))
            change = alpha / np.sqrt(n) * m_hat / (np.sqrt(v_hat) + 1e-8 * np.sqrt(n))
            p[name] = p[name] - alpha * flat_cosine(t) * DECAY.get(kind, 0.02) * p[name] - change
    return costs


def classes(z, y):
    a = np.exp(z - z.max(axis=0))
    a /= a.sum(axis=0)
    return -np.sum(y * np.log(a)), a - y


def number(z, y):
    return 0.5 * np.sum((z - y) ** 2), z - y


def main(program):
    random = np.random.RandomState(3)
    x1, x2 = random.randn(M).round(3), np.where(random.rand(M) < 0.8, 2.0, random.randn(M).round(2))  # x2: quartiles alike
    answer, colour = random.randint(0, 2, M), random.randint(0, 3, M)
    level = np.r_[np.arange(12), random.randint(0, 12, M - 12)]
    label = random.randint(0, 3, M)
    value = (x1 + 0.3 * level + random.randn(M)).round(3)
    numbers = [scaled(x1), scaled(x2)]
    others = [scaled(2.0 * answer - 1), *(scaled(1.0 * (colour == c)) for c in range(3))]
    worst = 0
    embeddings = [("pbld", Periodic(numbers)), ("piecewise", Piecewise(numbers))]
    assert embeddings[1][1].ends[0] == BINS and embeddings[1][1].ends[1] < 2 * BINS  # the quantiles of x2 are few
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        tasks = (("two", np.eye(2)[(label > 0) * 1].T, selu, classes, 0.04), ("three", np.eye(3)[label].T, selu, classes, 0.04),
                 ("value", ((value - value.mean()) / value.std())[None, :], mish, number, 0.2))
        for (of_numbers, embedding), (target, y, g, head, rate) in itertools.product(embeddings, tasks):
            n0 = embedding.rows + len(others) + D
            sizes = [n0, *HIDDEN, len(y)]
            p = {**embedding.start(random), "E": random.randn(D, 13), "s": 1 + 0.1 * random.randn(n0, 1)}
            for l, (n_prev, n) in enumerate(zip(sizes, sizes[1:]), 1):
                p[f"W{l}"], p[f"b{l}"] = random.randn(n, n_prev) / np.sqrt(n_prev), random.randn(n, 1)
                if l < len(sizes) - 1:
                    p[f"a{l}"] = 1 + 0.1 * random.randn(n, 1)
            np.savez(folder / "start.npz", **p)
            labels = {"two": np.where(label > 0, "yes", "no"), "three": np.array(["a", "b", "c"])[label], "value": value}[target]
            rows = zip(x1, x2, np.array(["no", "yes"])[answer], np.array(["blue", "green", "red"])[colour], np.array(LEVELS)[level], labels)
            lines = ["x1,x2,answer,colour,level,y", *(",".join(map(str, row)) for row in rows)]
            (folder / "data.csv").write_text("\n".join(lines) + "\n")
            command = [program, "train", folder / "data.csv", "--target", "y", "--recipe", "realmlp", "--numeric-embedding", of_numbers,
                       "--precision", "float64", "--hidden-layers", ",".join(map(str, HIDDEN)), "--epochs", STEPS, "--validation", "none",
                       "--patience", "none", "--monitor", "loss",
                       "--numeric", "x1,x2", "--report-every", 1, "--initializer", folder / "start.npz", "--json", "--output", folder / "model.strata"]
            done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
            if done.returncode != 0:
                sys.exit(f"{command}\n{done.stderr}")
            events = [json.loads(line) for line in done.stdout.splitlines()]
            found = [event["cost"] for event in events if event["event"] == "cost"]
            expected = train(p, rate, embedding, others, level, y, g, head)
            if len(found) != STEPS:
                sys.exit(f"{of_numbers}, {target}: {len(found)} costs\n{done.stderr}")
            differences = [abs(a / b - 1) for a, b in zip(found, expected)]
            worst = max(worst, *differences)
            if not worst < 1e-10:
                first = next(i for i, d in enumerate(differences) if not d < 1e-10)
                sys.exit(f"{of_numbers}, {target}: the costs differ by {worst:.1e}, from step {first}: {found[first]} and {expected[first]}")
    print(f"6 trainings of {STEPS} steps, largest relative difference of a cost {worst:.1e}")


if __name__ == "__main__":
    main(sys.argv[1])
