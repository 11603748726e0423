"""JAX: `jit` compiles one step with its update, called once a step; `scan` compiles the whole run into one program, so that
nothing of Python is left between the steps. The data lies on the device; the parameters are given away and come back."""

import functools
import os
import sys

os.environ.setdefault("JAX_PLATFORMS", "cpu")
import jax
import jax.numpy as jnp
import numpy as np

import protocol

jax.config.update("jax_enable_x64", True)


def forward(p, X):
    for W, b in p[:-1]:
        X = jax.nn.relu(X @ W + b)
    return X @ p[-1][0] + p[-1][1]


def mean_loss(loss, p, X, Y):
    Z = forward(p, X)
    if loss == "squared_error":
        return jnp.sum((Z - Y) ** 2) / (2 * len(X))
    if loss == "categorical_cross_entropy":
        return -jnp.sum(Y * jax.nn.log_softmax(Z)) / len(X)
    return jnp.sum(jax.nn.softplus(Z) - Y * Z) / len(X)


class Jax(protocol.Runner):
    def __init__(self, work, scan):
        self.work, self.scan = work, scan
        X, Y = protocol.examples(work)
        rows = work.batches * work.batch
        cut = lambda data: jnp.asarray(np.asarray(data[:rows]).reshape(work.batches, work.batch, -1))
        self.X, self.Y = cut(X), cut(Y)
        rate = work.learning_rate

        def step(state, X, Y):
            p, m, v, t = state
            d = jax.grad(functools.partial(mean_loss, work.loss))(p, X, Y)
            if work.optimizer == "gradient_descent":
                return jax.tree.map(lambda x, dx: x - x.dtype.type(rate) * dx, p, d), m, v, t
            t = t + 1
            m = jax.tree.map(lambda m, d: 0.9 * m + 0.1 * d, m, d)
            v = jax.tree.map(lambda v, d: 0.999 * v + 0.001 * d * d, v, d)
            c1, c2 = (1 - 0.9 ** t).astype(work.dtype), (1 - 0.999 ** t).astype(work.dtype)
            p = jax.tree.map(lambda x, m, v: x - rate * (m / c1) / (jnp.sqrt(v / c2) + 1e-8), p, m, v)
            return p, m, v, t

        def step_at(state, X, Y, i):
            return step(state, X[i], Y[i])

        def many(state, X, Y, first, count):
            return jax.lax.fori_loop(first, first + count,
                                     lambda i, s: step(s, X[i % work.batches], Y[i % work.batches]), state)

        self.step = jax.jit(step_at, donate_argnums=0)
        self.many = jax.jit(many, donate_argnums=0)
        self.head = {"squared_error": lambda Z: Z, "binary_cross_entropy": jax.nn.sigmoid,
                     "categorical_cross_entropy": jax.nn.softmax}[work.loss]
        self.predict = jax.jit(lambda p, X: self.head(forward(p, X)))
        self.single = [np.asarray(X[i * work.batch:(i + 1) * work.batch]) for i in range(min(work.batches, 64))]
        self.reset()

    def reset(self):
        p = [(jnp.asarray(W), jnp.asarray(b)) for W, b in protocol.parameters(self.work)]
        zeros = lambda: (jax.tree.map(jnp.zeros_like, p) if self.work.optimizer == "adam" else 0)
        self.state = jax.block_until_ready((p, zeros(), zeros(), jnp.zeros((), jnp.float64)))
        self.next = 0

    def run(self, count):
        if self.work.kind == "predict":
            for _ in range(count):
                out = self.predict(self.state[0], self.single[self.next])
                out.block_until_ready()
                self.next = (self.next + 1) % len(self.single)
        elif self.scan:
            self.state = self.many(self.state, self.X, self.Y, self.next, count)
            self.next = (self.next + count) % self.work.batches
        else:
            for _ in range(count):
                self.state = self.step(self.state, self.X, self.Y, self.next)
                self.next = (self.next + 1) % self.work.batches
        jax.block_until_ready(self.state)

    def loss(self):
        return protocol.mean_loss(self.work, self.predict(self.state[0], self.X[0]), self.Y[0])


def make(work, scan):
    if work.precision == "bf16" or work.kind not in ("train", "predict"):
        raise protocol.NotBuilt(f"{work.precision} {work.kind} is not timed here")
    if scan and work.kind == "predict":
        raise protocol.NotBuilt("a prediction is one call: see jax")
    return Jax(work, scan)


if __name__ == "__main__":
    scanned = sys.argv[1:] == ["scan"]
    name = "jax-scan" if scanned else "jax"
    protocol.serve({"ready": name, "version": jax.__version__}, functools.partial(make, scan=scanned))
