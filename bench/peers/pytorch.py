"""PyTorch's side of `npm run bench:peers`: one JSON request a line on stdin, one JSON answer a line on stdout.

A row is a list of operations on named tensors, which are run eagerly in order. See pytorch.ts.
"""
import json
import os
import sys
import time

import numpy
import torch
import torch.nn.functional as F

from efficientdet import Training

torch.set_num_threads(int(sys.argv[1]))


def padding(weight):
    return weight.shape[2] // 2


def batch_norm(x, gamma, beta, activation):
    y = F.batch_norm(x, None, None, gamma, beta, training=True, eps=1e-3)
    return F.silu(y) if activation == "swish" else y


def fuse(same, half, twice, weights):
    positive = F.relu(weights)
    factors = positive / (positive.sum() + 1e-4)
    up = F.interpolate(half, scale_factor=2, mode="nearest")
    return F.silu(factors[0] * same + factors[1] * up + factors[2] * F.max_pool2d(twice, 3, 2, 1))


def focal_loss(logits, positives, normalizer):
    z = logits * (1 - 2 * positives)
    alpha = 0.75 - 0.5 * positives
    return (alpha * torch.sigmoid(z) ** 1.5 * F.softplus(z)).sum() / normalizer[0]


def huber_loss(codes, targets, normalizer):
    loss = F.huber_loss(codes, targets, reduction="none", delta=0.1)
    return (loss * (targets != 0)).sum() / (4 * normalizer[0])


OPERATIONS = {
    "matrixProduct": torch.matmul,
    "conv2d": lambda x, weight: F.conv2d(x, weight, stride=2, padding=padding(weight)),
    "depthwise": lambda x, weight: F.conv2d(x, weight, padding=padding(weight), groups=x.shape[1]),
    "pointwise": lambda x, weight, bias: F.conv2d(x, weight, bias),
    "maxPool": lambda x: F.max_pool2d(x, 3, 2, 1),
    "batchNorm": batch_norm,
    "fuse": fuse,
    "focalLoss": focal_loss,
    "huberLoss": huber_loss,
    "add": lambda a, b, scale: a + scale * b,
}


def load(inputs):
    tensors = {}
    for given in inputs:
        flat = torch.from_numpy(numpy.fromfile(given["file"], dtype=given["type"]))
        tensors[given["name"]] = flat.reshape(given["shape"])
    return tensors


class Row:
    def __init__(self, request, tensors):
        self.steps, self.result = request["steps"], request["result"]
        self.tensors, self.gradients = tensors, request["gradients"]
        self.wanted = [tensors[name].requires_grad_() for name in self.gradients]
        training = request.get("training")
        self.optimizer = training and torch.optim.SGD(self.wanted, lr=training["rate"], momentum=training["momentum"])

    def forward(self):
        values = dict(self.tensors)
        for operation, arguments, result in self.steps:
            named = [values[a] if isinstance(a, str) and a in values else a for a in arguments]
            values[result] = OPERATIONS[operation](*named)
        return values[self.result]

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.forward()
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def compute(self):
        if self.optimizer:
            return self.step()
        if not self.wanted:
            with torch.no_grad():
                return {"y": self.forward()}
        y = self.forward()
        return {"y": y, **dict(zip(self.gradients, torch.autograd.grad(y, self.wanted, self.tensors.get("dy"))))}


def save(outputs, folder):
    files = {}
    for index, (name, value) in enumerate(outputs.items()):
        files[name] = os.path.join(folder, f"{index}.bin")
        value.detach().contiguous().numpy().tofile(files[name])
    return files


def answer(request, rows):
    action, name = request["do"], request.get("row")
    if action == "version":
        return {"version": torch.__version__}
    if action == "prepare":
        make = Training if "model" in request else Row
        rows[name] = make(request, load(request["inputs"]))
        return {}
    if action == "losses":
        return {"losses": [rows[name].step() for _ in range(request["steps"])]}
    if action == "outputs":
        return {"files": save(rows[name].compute(), request["folder"])}
    if action == "run":
        started = time.perf_counter()
        rows[name].compute()
        return {"milliseconds": 1000 * (time.perf_counter() - started)}
    del rows[name]
    return {}


def main():
    rows = {}
    for line in sys.stdin:
        try:
            print(json.dumps(answer(json.loads(line), rows)), flush=True)
        except Exception as error:  # The other side refuses the row and says why.
            print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)


main()
