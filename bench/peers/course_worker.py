"""NumPy in the style of the courses: float64, examples in columns, dictionaries and new arrays for every result, and a
dA[0] that nobody needs."""

import numpy as np

import protocol


def initial(work):
    parameters = {}
    for l, (W, b) in enumerate(protocol.parameters(work), 1):
        parameters[f"W{l}"] = np.ascontiguousarray(W.T, np.float64)
        parameters[f"b{l}"] = b.reshape(-1, 1).astype(np.float64)
    return parameters


def linear_activation_forward(A_prev, W, b, activation):
    Z = np.dot(W, A_prev) + b
    if activation == "relu":
        A = np.maximum(0, Z)
    elif activation == "binary_cross_entropy":
        A = 1 / (1 + np.exp(-Z))
    elif activation == "categorical_cross_entropy":
        E = np.exp(Z - np.max(Z, axis=0, keepdims=True))
        A = E / np.sum(E, axis=0, keepdims=True)
    else:
        A = Z
    return A, (A_prev, W, b, Z)


def model_forward(X, parameters, L, loss):
    caches, A = [], X
    for l in range(1, L):
        A, cache = linear_activation_forward(A, parameters[f"W{l}"], parameters[f"b{l}"], "relu")
        caches.append(cache)
    A, cache = linear_activation_forward(A, parameters[f"W{L}"], parameters[f"b{L}"], loss)
    caches.append(cache)
    return A, caches


def compute_cost(A, Y, loss):
    m = Y.shape[1]
    if loss == "squared_error":
        return np.sum((A - Y) ** 2) / (2 * m)
    if loss == "categorical_cross_entropy":
        return -np.sum(Y * np.log(A + protocol.TINY)) / m
    return -np.sum(Y * np.log(A + protocol.TINY) + (1 - Y) * np.log(1 - A + protocol.TINY)) / m


def linear_backward(dZ, cache):
    A_prev, W, b, Z = cache
    m = A_prev.shape[1]
    return np.dot(W.T, dZ), np.dot(dZ, A_prev.T) / m, np.sum(dZ, axis=1, keepdims=True) / m


def model_backward(A, Y, caches):
    gradients, L = {}, len(caches)
    dA, gradients[f"dW{L}"], gradients[f"db{L}"] = linear_backward(A - Y, caches[-1])
    for l in range(L - 1, 0, -1):
        dZ = np.array(dA, copy=True)
        dZ[caches[l - 1][3] <= 0] = 0
        dA, gradients[f"dW{l}"], gradients[f"db{l}"] = linear_backward(dZ, caches[l - 1])
    return gradients


class Course(protocol.Runner):
    def __init__(self, work):
        self.work, self.L = work, len(work.layers) - 1
        X, Y = (np.asarray(data, np.float64) for data in protocol.examples(work))
        m = work.batch
        cut = lambda data: [np.ascontiguousarray(data[i * m:(i + 1) * m].T) for i in range(work.batches)]
        self.batches = list(zip(cut(X), cut(Y)))
        self.reset()

    def reset(self):
        self.parameters = initial(self.work)
        self.v = {name: np.zeros_like(x) for name, x in self.parameters.items()}
        self.s = {name: np.zeros_like(x) for name, x in self.parameters.items()}
        self.next = self.t = 0

    def update(self, gradients):
        rate = self.work.learning_rate
        if self.work.optimizer == "gradient_descent":
            for name in self.parameters:
                self.parameters[name] = self.parameters[name] - rate * gradients["d" + name]
            return
        self.t += 1
        for name in self.parameters:
            d = gradients["d" + name]
            self.v[name] = 0.9 * self.v[name] + 0.1 * d
            self.s[name] = 0.999 * self.s[name] + 0.001 * d ** 2
            v, s = self.v[name] / (1 - 0.9 ** self.t), self.s[name] / (1 - 0.999 ** self.t)
            self.parameters[name] = self.parameters[name] - rate * v / (np.sqrt(s) + 1e-8)

    def run(self, count):
        for _ in range(count):
            X, Y = self.batches[self.next]
            self.next = (self.next + 1) % len(self.batches)
            A, caches = model_forward(X, self.parameters, self.L, self.work.loss)
            if self.work.kind == "train":
                compute_cost(A, Y, self.work.loss)
                self.update(model_backward(A, Y, caches))

    def loss(self):
        X, Y = self.batches[0]
        A, _ = model_forward(X, self.parameters, self.L, self.work.loss)
        return protocol.mean_loss(self.work, A.T, Y.T)


def make(work):
    if work.precision == "bf16" or work.kind not in ("train", "predict"):
        raise protocol.NotBuilt("NumPy has no bf16" if work.precision == "bf16" else f"{work.kind} is not timed here")
    return Course(work)


if __name__ == "__main__":
    protocol.serve({"ready": "numpy-course", "version": np.__version__}, make)
