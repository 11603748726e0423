"""PyTorch: `eager` is the loop that its users write, with the fastest optimizers; `compile` puts forward, backward and update
into one graph and compiles that."""

import functools
import os
import sys

import torch
from torch import nn
from torch.nn import functional as F

import protocol

LOSSES = {
    "binary_cross_entropy": F.binary_cross_entropy_with_logits,
    "categorical_cross_entropy": F.cross_entropy,
    "squared_error": lambda Z, Y: F.mse_loss(Z, Y, reduction="sum") / (2 * len(Y)),
}
HEADS = {"binary_cross_entropy": torch.sigmoid, "categorical_cross_entropy": functools.partial(torch.softmax, dim=1),
         "squared_error": lambda Z: Z}


def build(work):
    layers = []
    for n_prev, n in zip(work.layers, work.layers[1:]):
        layers += [nn.Linear(n_prev, n, dtype=torch.float64 if work.precision == "float64" else torch.float32), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class Torch(protocol.Runner):
    def __init__(self, work):
        self.work = work
        X, Y = (torch.from_numpy(data) for data in protocol.examples(work))
        self.Y = Y
        targets = Y.argmax(dim=1) if work.loss == "categorical_cross_entropy" else Y
        m = work.batch
        self.batches = [(X[i * m:(i + 1) * m], targets[i * m:(i + 1) * m]) for i in range(work.batches)]
        self.loss_of, self.head = LOSSES[work.loss], HEADS[work.loss]
        self.net = build(work)
        self.reset()

    def reset(self):
        with torch.no_grad():
            for layer, (W, b) in zip((x for x in self.net if isinstance(x, nn.Linear)), protocol.parameters(self.work)):
                layer.weight.copy_(torch.from_numpy(W.T))
                layer.bias.copy_(torch.from_numpy(b))
        # each with what is fastest for it: the fused kernel for Adam, one addition a tensor for SGD
        Optimizer, best = ((torch.optim.Adam, {"fused": True}) if self.work.optimizer == "adam" else
                           (torch.optim.SGD, {"foreach": False}))
        self.optimizer = Optimizer(self.net.parameters(), lr=self.work.learning_rate, **best)
        self.next = 0

    def step(self, X, Y):
        self.optimizer.zero_grad(set_to_none=True)
        self.loss_of(self.net(X), Y).backward()
        self.optimizer.step()

    def predict(self, X):
        return self.head(self.net(X))

    def run(self, count):
        batches, last = self.batches, len(self.batches)
        autocast = torch.autocast("cpu", torch.bfloat16, enabled=self.work.precision == "bf16")
        with torch.inference_mode(self.work.kind == "predict"), autocast:
            for _ in range(count):
                X, Y = batches[self.next]
                self.next = (self.next + 1) % last
                if self.work.kind == "predict":
                    self.predict(X)
                else:
                    self.step(X, Y)

    def loss(self):
        with torch.inference_mode():
            A = self.head(self.net(self.batches[0][0]))
        return protocol.mean_loss(self.work, A.numpy(), self.Y[:self.work.batch].numpy())


class Compiled(Torch):
    def __init__(self, work):
        super().__init__(work)
        torch._dynamo.reset()  # each work is compiled for its own shapes
        self.predict = torch.compile(lambda X: self.head(self.net(X)), dynamic=False)

        def loss_at(p, X, Y):
            return self.loss_of(torch.func.functional_call(self.net, p, (X,)), Y)

        rate = work.learning_rate

        # With the corrections of Adam as numbers on the device, the graph is the same at every step.
        def whole_step(p, m, v, X, Y, c1, c2):
            d = torch.func.grad(loss_at)(p, X, Y)
            for name in p:
                if work.optimizer == "gradient_descent":
                    p[name].sub_(d[name], alpha=rate)
                else:
                    m[name].lerp_(d[name], 0.1)
                    v[name].mul_(0.999).addcmul_(d[name], d[name], value=0.001)
                    p[name].sub_(rate * (m[name] / c1) / ((v[name] / c2).sqrt() + 1e-8))

        self.whole_step = torch.compile(whole_step, dynamic=False, fullgraph=True)

    def reset(self):
        super().reset()
        self.p = {name: x.detach() for name, x in self.net.named_parameters()}
        self.m, self.v = ({name: torch.zeros_like(x) for name, x in self.p.items()} for _ in range(2))
        dtype = torch.float64 if self.work.precision == "float64" else torch.float32
        self.c1, self.c2 = torch.zeros((), dtype=dtype), torch.zeros((), dtype=dtype)
        self.t = 0

    def step(self, X, Y):
        if self.work.optimizer == "adam":
            self.t += 1
            self.c1.fill_(1 - 0.9 ** self.t)
            self.c2.fill_(1 - 0.999 ** self.t)
        with torch.no_grad():
            self.whole_step(self.p, self.m, self.v, X, Y, self.c1, self.c2)


def make(work, Runner):
    if work.kind not in ("train", "predict"):
        raise protocol.NotBuilt(f"{work.kind} is not timed here")
    if work.precision == "bf16" and Runner is Compiled:
        raise protocol.NotBuilt("bf16 is timed with eager autocast")
    return Runner(work)


if __name__ == "__main__":
    compiled = sys.argv[1:] == ["compile"]
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    torch.set_flush_denormal(True)
    greeting = {"ready": "torch-compile" if compiled else "torch", "version": torch.__version__}
    protocol.serve(greeting, functools.partial(make, Runner=Compiled if compiled else Torch))
