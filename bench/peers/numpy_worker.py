"""NumPy at its best: float32 (or float64), examples in rows, every buffer made once, results written in place."""

import numpy as np

import protocol


class Net(protocol.Runner):
    def __init__(self, work):
        self.work = work
        self.X, self.Y = protocol.examples(work)
        m, t = work.batch, work.dtype
        self.A = [None] + [np.empty((m, n), t) for n in work.layers[1:]]
        self.dZ = [None] + [np.empty((m, n), t) for n in work.layers[1:]]
        self.mask = [None] + [np.empty((m, n), bool) for n in work.layers[1:]]
        self.gradient = [(np.empty_like(W), np.empty_like(b)) for W, b in protocol.parameters(work)]
        self.ones = np.ones(m, t)
        self.reset()

    def reset(self):
        self.p = protocol.parameters(self.work)
        self.state = [[(np.zeros_like(x), np.zeros_like(x), np.empty_like(x)) for x in pair] for pair in self.p]
        self.next = self.t = 0

    def batch(self, i):
        rows = slice(i * self.work.batch, (i + 1) * self.work.batch)
        return self.X[rows], self.Y[rows]

    def forward(self, X):
        A, last = X, len(self.p)
        for l, (W, b) in enumerate(self.p, 1):
            Z = np.matmul(A, W, out=self.A[l])
            Z += b
            if l < last:
                np.maximum(Z, 0, out=Z)
            A = Z
        if self.work.loss == "binary_cross_entropy":
            np.negative(A, out=A)
            np.exp(A, out=A)
            A += 1
            np.reciprocal(A, out=A)
        elif self.work.loss == "categorical_cross_entropy":
            A -= A.max(axis=1, keepdims=True)
            np.exp(A, out=A)
            A /= A.sum(axis=1, keepdims=True)
        return A

    def step(self, X, Y):
        work, rate = self.work, self.work.learning_rate
        dZ = np.subtract(self.forward(X), Y, out=self.dZ[-1])
        dZ *= work.dtype.type(1 / work.batch)
        for l in range(len(self.p), 0, -1):
            A_prev = X if l == 1 else self.A[l - 1]
            dW, db = self.gradient[l - 1]
            np.matmul(A_prev.T, dZ, out=dW)
            np.matmul(self.ones, dZ, out=db)
            if l > 1:
                dA = np.matmul(dZ, self.p[l - 1][0].T, out=self.dZ[l - 1])
                np.greater(A_prev, 0, out=self.mask[l - 1])
                dA *= self.mask[l - 1]
                dZ = dA
        if work.optimizer == "adam":
            self.adam(rate)
        else:
            for pair, gradients in zip(self.p, self.gradient):
                for x, d in zip(pair, gradients):
                    d *= work.dtype.type(rate)
                    x -= d

    def adam(self, rate, beta1=0.9, beta2=0.999, epsilon=1e-8):
        self.t += 1
        number = self.work.dtype.type
        # α m̂ / (√v̂ + ε), with the two corrections moved out of the passes over memory
        root = (1 - beta2 ** self.t) ** 0.5
        alpha, eps = number(rate * root / (1 - beta1 ** self.t)), number(epsilon * root)
        for pair, gradients, states in zip(self.p, self.gradient, self.state):
            for x, d, (m, v, s) in zip(pair, gradients, states):
                m *= number(beta1)
                np.multiply(d, number(1 - beta1), out=s)
                m += s
                v *= number(beta2)
                d *= d
                d *= number(1 - beta2)
                v += d
                np.sqrt(v, out=s)
                s += eps
                np.divide(m, s, out=s)
                s *= alpha
                x -= s

    def run(self, count):
        for _ in range(count):
            X, Y = self.batch(self.next)
            self.next = (self.next + 1) % self.work.batches
            if self.work.kind == "train":
                self.step(X, Y)
            else:
                self.forward(X)

    def loss(self):
        X, Y = self.batch(0)
        return protocol.mean_loss(self.work, self.forward(X), Y)


def make(work):
    if work.precision == "bf16" or work.kind not in ("train", "predict"):
        raise protocol.NotBuilt("NumPy has no bf16" if work.precision == "bf16" else f"{work.kind} is not timed here")
    return Net(work)


if __name__ == "__main__":
    protocol.serve({"ready": "numpy", "version": np.__version__}, make)
