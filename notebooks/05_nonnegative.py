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
# # Nonnegative networks and equilibrium layers
#
# **Question.** A network with nonnegative weights maps $x \ge 0$ to $x \ge 0$. Has it a fixed point, one or many, and
# which theorem says so? The theorems are those of Piotrowski, Cavalcante & Gabor (NN) and of Gabor, Piotrowski &
# Cavalcante (DEQ); `rmtjac.nonnegative.certify` checks their hypotheses on a given network and answers with numbers.
#
# What is trained here is scikit-learn's digits (8 x 8). The same tables for MNIST are in
# [data/equilibrium_mnist.md](../data/equilibrium_mnist.md) and [data/autoencoders.md](../data/autoencoders.md).
#
# `RMTJAC_SMALL=1` in the environment makes everything small (for tests); what is stored here is of the full size.

# %%
import os

import matplotlib.pyplot as plt
import numpy as np

import rmtjac as rj
from rmtjac.learn import CONFIGURATIONS, PcDEQClassifier, autoencoder_row, autoencoder_table, digits, train_autoencoder

small = os.environ.get("RMTJAC_SMALL") == "1"
epochs = 5 if small else 40
data = digits()
plt.rcParams.update({"figure.dpi": 80, "font.size": 10})


# %% [markdown]
# ## 1. Shapes of Fix(T)
#
# (a) A positive bias makes tanh scalable: one fixed point. (b) clip$(Wx, 0, 6)$ with primitive $W$, $\rho(W) = 1$: an
# interval of the Perron ray. (c) Two such blocks: the product of two intervals, a square of fixed points. (d) tanh
# without a bias, $\rho(W) > 1$: 0 and one more. All hypotheses of NN's theorem on intervals hold in (d) as well
# (monotone, weakly scalable, primitive at both points, $\rho(T_\infty) = 0$): the theorem is one of fixed points
# other than 0.

# %%
mixing = np.array([[0.5, 0.5], [0.25, 0.75]])
cases = {
    "(a) tanh(1.5 W x + .3)": rj.Network([1.5 * mixing], [[0.3, 0.3]], "tanh"),
    "(b) clip(W x, 0, 6)": rj.Network([mixing], activation="relu6"),
    "(c) clip(x, 0, 6)": rj.Network([np.eye(2)], activation="relu6"),
    "(d) tanh(2 W x)": rj.Network([2.0 * mixing], activation="tanh"),
}
figure, axes = plt.subplots(2, 2, figsize=(9, 10), layout="constrained")
for ax, (title, net) in zip(axes.flat, cases.items(), strict=True):
    found = rj.nonnegative.certify(net)
    rj.plotting.plot_certificate(net, found, ax)
    ax.set_title(f"{title}: {found.shape}", fontsize=10)
    print(f"{title}: {found.shape} ({found.theorem}): {found.reason}")
plt.show()

# %% [markdown]
# ## 2. A classifier with an equilibrium layer
#
# $z = s(Wz + r(Ux + b))$, $W \ge 0$. Existence, uniqueness and the rate are theorems, so that every prediction comes
# with a bound of how far its equilibrium is off.

# %%
images = data.standardised()
models = {}
for name in ("tanh", "sigmoid"):
    models[name] = PcDEQClassifier(80, name, epochs=epochs, learning_rate=5e-3, random_state=0)
    models[name].fit(images.train, images.train_labels, validation=(images.test, images.test_labels))
figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
rj.plotting.plot_training(models["tanh"].history_, axes[0], validation=models["tanh"].validation_)
rj.plotting.plot_training(models["tanh"].history_, axes[1], show="steps")
plt.show()
for name, model in models.items():
    found = model.layer_.solve(images.test, 1e-8)
    score = model.score(images.test, images.test_labels)
    print(f"{name}: {score:.3f} right; {found.steps.mean():.1f} steps, errors proved below {found.errors.max():.1e}")
print(rj.nonnegative.certify(models["tanh"].layer_.network(images.test[0])).table())


# %% [markdown]
# ## 3. Autoencoders, and what a fixed point is
#
# A fixed point of an autoencoder is an input that it reconstructs perfectly. The eight configurations of NN's table,
# on digits: where T is scalable, or a contraction, there is exactly one such input, whatever the data are.

# %%
trained = {
    name: train_autoencoder(data.train, name, units=32, epochs=epochs, learning_rate=3e-3) for name in CONFIGURATIONS
}
print(autoencoder_table(autoencoder_row(model, data.test) for model in trained.values()))

# %%
figure, axes = plt.subplots(2, 1, figsize=(10, 5.4), layout="constrained")
for ax, name in zip(axes, ("ReLU spectral NN", "ReLU + Sigmoid RR"), strict=True):
    rj.plotting.plot_reconstructions(trained[name], data.test[:10], data.shape, ax)
    ax.set_title(name, fontsize=10)
plt.show()

# %%
print("distance of T(x) from x, and after 10 more steps of T, mean over test images:")
for name, model in trained.items():
    x = data.test
    first = model.reconstruct(x).distances.mean()
    for _ in range(10):
        x = model.network(x)
    print(f"{name:>20}: {first:.3f}, then |T(x) - x| = {model.reconstruct(x).distances.mean():.3f}")
