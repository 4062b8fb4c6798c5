# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The limit by itself: layers that differ, proofs, phases, and where the paper's route works
#
# **Question.** What does the limiting spectrum of a deep Jacobian look like for layers of any kind, how sure are
# its numbers, and where does the iteration of Berlyand & Slavin (BS 18-23) find them?
#
# `RMTJAC_SMALL=1` in the environment makes everything small (for tests).

# %%
import os
import time

import matplotlib.pyplot as plt
import numpy as np

import rmtjac as rj

small = os.environ.get("RMTJAC_SMALL") == "1"
plt.rcParams.update({"figure.dpi": 80, "font.size": 10})
start = time.perf_counter()

# %% [markdown]
# ## One hundred decades
#
# Density of $\log\lambda$ for $L$ erf layers at $q^h = 1/2$, points placed so that straight lines between them are
# right to $10^{-3}$.

# %%
law = rj.theory.derivative_law(rj.activations.activation("erf"), 0.5)
figure, axes = plt.subplots(figsize=(7.5, 4))
for depth in (1, 3, 10, 30, 100):
    lim = rj.LimitSpectrum(rj.theory.Layers([law] * depth, [1.0] * depth))
    lam, density = lim.curve(rtol=1e-3, low=1e-100)
    axes.plot(np.log10(lam), np.log(10) * lam * density, label=f"$L={depth}$, {lam.size} points")
axes.set(
    xlabel=r"$\log_{10}\lambda$", ylabel=r"density of $\log_{10}\lambda$", xlim=(-100, 2), yscale="log", ylim=(1e-3, 2)
)
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# ## Layers that differ
#
# HardTanh, erf and ReLU between widths 300, 450, 200, 400 (only their ratios matter), the last weights Gaussian or
# orthogonal, beside samples with independent masks.

# %%
scale = 0.2 if small else 1.0
widths = [int(scale * n) for n in (300, 450, 200, 400)]
figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True)
for ax, last in zip(axes, (rj.Gaussian(), rj.Orthogonal()), strict=True):
    ens = rj.Ensemble(widths, ["hardtanh", "erf", "relu"], weights=[rj.Gaussian(), rj.Gaussian(), last])
    lim = rj.limit_spectrum(ens)
    emp = rj.sample_spectrum(ens, samples=10 if small else 100, rng=0, masks="independent")
    rj.plotting.plot_spectrum(emp, ax=ax)
    rj.plotting.plot_limit(lim, ax=ax)
    ax.set_title(f"last weights {last!r}")
    print(lim, lim.edges, f"KS {rj.compare(emp, lim).ks:.4f}", sep="\n")
plt.show()

# %% [markdown]
# ## With proof
#
# `certify` encloses each density in an interval that provably contains it: existence and uniqueness of the root by a
# contraction in ball arithmetic, the branch by the theorem of `rmtjac.theory.equation.roots`.

# %%
for activation, points in (("hardtanh", 400), ("tanh", 8 if small else 40)):
    for depth in (1, 3, 10):
        lim = rj.limit_spectrum(rj.Ensemble.square(100, depth, activation, biases=rj.Gaussian(0.3)))
        top, bottom = lim.support[-1, 1], max(lim.support[0, 0] * 1.001, 1e-20 * lim.support[-1, 1])
        print(f"{activation:9} L={depth:<3}", lim.certify(np.geomspace(bottom, 0.999 * top, points)))

# %% [markdown]
# ## Order and chaos
#
# Mean squared singular value of a layer, $\chi_1 = \sigma_w^2 E\varphi'(h)^2$ at the fixed point of the signal, over
# the variances of weights and biases.

# %%
count = 12 if small else 60
diagram = rj.theory.phase_diagram("tanh", np.linspace(0.2, 4.0, count), np.linspace(0.0, 0.5, count))
figure, axes = plt.subplots(1, 2, figsize=(10, 3.8))
rj.plotting.plot_phase_diagram(diagram, ax=axes[0])
rj.plotting.plot_phase_diagram(diagram, ax=axes[1], quantity="xi_c")
figure.tight_layout()
plt.show()

# %% [markdown]
# ## Where the route of the paper converges
#
# BS iterate from $\mathrm{Im}\,z = 1.2^{60}$ down to $1.2^{-60}$. Relative error of the density they end with, no
# polish, against the inverse form; crosses where the last point of the path did not converge.

# %%
linear = rj.theory.derivative_law(rj.activations.activation("linear"), 1.0)
found = rj.theory.convergence_map(
    linear, (1, 2, 5) if small else (1, 2, 3, 5, 10), np.geomspace(1e-6, 0.99, 4 if small else 25)
)
figure, ax = plt.subplots(figsize=(7.5, 3.4))
rj.plotting.plot_convergence(found, ax=ax)
plt.show()
print(found)

# %%
print(f"{time.perf_counter() - start:.0f} s")
