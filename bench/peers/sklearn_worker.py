"""scikit-learn at its best: the private step of MLPClassifier and MLPRegressor (_backprop, then the optimizer's
update_params), without the checks and the copies of partial_fit around it."""

import numpy as np
import sklearn
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

import protocol

OUT = {"binary_cross_entropy": "logistic", "categorical_cross_entropy": "softmax", "squared_error": "identity"}


class Sklearn(protocol.Runner):
    def __init__(self, work):
        self.work = work
        self.X, self.Y = protocol.examples(work)
        Estimator = MLPRegressor if work.loss == "squared_error" else MLPClassifier
        self.net = Estimator(hidden_layer_sizes=work.layers[1:-1], alpha=0, batch_size=work.batch)
        self.reset()
        m = work.batch
        self.A = [None] + [np.empty((m, n), work.dtype) for n in work.layers[1:]]
        self.deltas = [np.empty_like(a) for a in self.A[1:]]
        self.dW = [np.empty_like(W) for W in self.net.coefs_]
        self.db = [np.empty_like(b) for b in self.net.intercepts_]

    def reset(self):
        net, work = self.net, self.work
        net.n_layers_, net.n_outputs_, net.out_activation_ = len(work.layers), work.layers[-1], OUT[work.loss]
        net.n_iter_ = net.t_ = 0
        if work.loss != "squared_error":
            net.loss = "log_loss"
        pairs = protocol.parameters(work)
        net.coefs_, net.intercepts_ = [W for W, _ in pairs], [b for _, b in pairs]
        flat, rate = net.coefs_ + net.intercepts_, work.learning_rate
        net._optimizer = (AdamOptimizer(flat, rate, 0.9, 0.999, 1e-8) if work.optimizer == "adam" else
                          SGDOptimizer(flat, rate, "constant", 0.0, False))
        self.next = 0

    def batch(self, i):
        rows = slice(i * self.work.batch, (i + 1) * self.work.batch)
        return self.X[rows], self.Y[rows]

    def forward(self, X):
        if self.work.kind == "predict":
            return self.net._forward_pass_fast(X, check_input=False)
        self.A[0] = X
        return self.net._forward_pass(self.A)[-1]

    def run(self, count):
        net = self.net
        for _ in range(count):
            X, Y = self.batch(self.next)
            self.next = (self.next + 1) % self.work.batches
            if self.work.kind == "predict":
                net._forward_pass_fast(X, check_input=False)
                continue
            self.A[0] = X
            _, dW, db = net._backprop(X, Y, None, self.A, self.deltas, self.dW, self.db)
            net._optimizer.update_params(net.coefs_ + net.intercepts_, dW + db)

    def loss(self):
        X, Y = self.batch(0)
        return protocol.mean_loss(self.work, self.forward(X), Y)


def make(work):
    if work.precision == "bf16" or work.kind not in ("train", "predict"):
        raise protocol.NotBuilt("scikit-learn has no bf16" if work.precision == "bf16" else f"{work.kind} is not timed here")
    return Sklearn(work)


if __name__ == "__main__":
    protocol.serve({"ready": "sklearn", "version": sklearn.__version__}, make)
