"""The training step of scripts/bench train in PyTorch: the same shapes, the same arithmetic.

Written as one would write it for speed in eager PyTorch: tables and indices in place, one fused
cross-entropy, fused AdamW, no copies that the step does not need. Prints "ready" after the warm-up;
then, for each line on standard input, runs one step and prints its seconds.
"""

import argparse
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


class Gated(nn.Module):
    def __init__(self, dimension):
        super().__init__()
        self.gate = nn.Linear(2 * dimension, dimension)
        self.factor = dimension**0.5

    def forward(self, image, text):
        gate = torch.sigmoid(self.gate(torch.cat((image, text), 1).mul_(self.factor)))
        return torch.lerp(text, image, gate)


class Combiner(nn.Module):
    """CLIP4Cir's Combiner with projection 4D, hidden 8D and dropout 0.5."""

    def __init__(self, dimension):
        super().__init__()
        projection, hidden = 4 * dimension, 8 * dimension
        self.text = nn.Linear(dimension, projection)
        self.image = nn.Linear(dimension, projection)
        self.hidden = nn.Linear(2 * projection, hidden)
        self.output = nn.Linear(hidden, dimension)
        self.weight_hidden = nn.Linear(2 * projection, hidden)
        self.weight = nn.Linear(hidden, 1)
        self.dropout = nn.Dropout(0.5)

    def layer(self, linear, x):
        return self.dropout(F.relu(linear(x), inplace=True))

    def forward(self, image, text):
        both = torch.cat((self.layer(self.text, text), self.layer(self.image, image)), 1)
        residual = self.output(self.layer(self.hidden, both))
        weight = torch.sigmoid(self.weight(self.layer(self.weight_hidden, both)))
        return residual + torch.lerp(image, text, weight)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--head", choices=["gated", "combiner"], required=True)
    parser.add_argument("--dimension", type=int, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    batch = arguments.batch
    rows = 2 * batch
    images = F.normalize(torch.randn(rows, arguments.dimension), dim=1)
    texts = F.normalize(torch.randn(rows, arguments.dimension), dim=1)
    references, targets = torch.randperm(rows), torch.randperm(rows)
    head = {"gated": Gated, "combiner": Combiner}[arguments.head](arguments.dimension)
    log_scale = nn.Parameter(torch.tensor(20.0).log())
    optimizer = torch.optim.AdamW(
        [{"params": head.parameters(), "weight_decay": 0.01}, {"params": [log_scale], "weight_decay": 0.0}],
        lr=1e-3,
        fused=True,
    )
    own = torch.arange(batch)

    def step(number):
        order = torch.arange(number % 2 * batch, number % 2 * batch + batch)
        image = images.index_select(0, references[order])
        text = texts.index_select(0, order)
        target = images.index_select(0, targets[order])
        query = F.normalize(head(image, text), dim=1)
        loss = F.cross_entropy(log_scale.exp() * query @ target.t(), own)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            log_scale.clamp_(max=4.6052)
        return loss.item()

    for number in range(3):
        step(number)
    print("ready", torch.__version__, flush=True)
    for number, _ in enumerate(sys.stdin):
        start = time.perf_counter()
        step(number)
        print(time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main()
