"""The classifier of `rmtjac.learn.PcDEQClassifier` as one would write it in PyTorch: what its speed is compared with.

The usual script of a deep equilibrium model: iterate without a graph until the largest change in the batch is below the
tolerance, take one step with a graph, and solve the adjoint equation by iteration in a hook. Data lie in memory as one
tensor, and there is no DataLoader: nothing is slower than it needs to be.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

__all__ = ["epochs"]


def epochs(x: np.ndarray, labels: np.ndarray, phi: str, count: int, *, units: int = 80, tol: float = 1e-4) -> Any:
    """Yield CPU seconds, loss and mean steps of the solution and its adjoint, after each epoch."""
    import torch
    from torch import nn
    from torch.nn import functional

    activation = {"tanh": torch.tanh, "softsign": functional.softsign, "relu6": functional.relu6,
                  "sigmoid": torch.sigmoid}[phi]  # fmt: skip
    injection = functional.relu if phi == "sigmoid" else functional.softplus

    class Layer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.U = nn.Linear(x.shape[1], units)
            self.W = nn.Linear(units, units, bias=False)
            nn.init.uniform_(self.W.weight, 0.0, 0.1 / units)
            self.norm = nn.BatchNorm1d(units)
            self.C = nn.Linear(units, int(labels.max()) + 1)
            self.steps = [0, 0]

        def forward(self, batch: Any) -> Any:
            drive = injection(self.U(batch))
            with torch.no_grad():
                z = torch.zeros_like(drive)
                for _ in range(500):
                    new = activation(self.W(z) + drive)
                    self.steps[0] += 1
                    done = (new - z).abs().max().item() <= tol
                    z = new
                    if done:
                        break
            z = activation(self.W(z) + drive)
            start = z.detach().clone().requires_grad_()
            image = activation(self.W(start) + drive)

            def adjoint(gradient: Any) -> Any:
                u = gradient
                limit = tol * gradient.abs().max().item()
                for _ in range(500):
                    new = torch.autograd.grad(image, start, u, retain_graph=True)[0] + gradient
                    self.steps[1] += 1
                    done = (new - u).abs().max().item() <= limit
                    u = new
                    if done:
                        break
                return u

            z.register_hook(adjoint)
            return self.C(self.norm(z))

    torch.manual_seed(0)
    model = Layer()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4, weight_decay=1.5e-2)
    inputs, targets = torch.from_numpy(x), torch.from_numpy(labels)
    for _ in range(count):
        model.steps = [0, 0]
        start, total, batches = time.process_time(), 0.0, 0
        for rows in torch.randperm(len(inputs)).split(64):
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(inputs[rows]), targets[rows])
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                model.W.weight.clamp_(min=0.0)
            total += loss.item() * len(rows)
            batches += 1
        yield time.process_time() - start, total / len(inputs), *(one / batches for one in model.steps)
