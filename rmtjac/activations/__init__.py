"""Activation functions: phi, its derivative, and the facts that theorems need."""

from rmtjac.activations.facts import TABLE as activation_facts
from rmtjac.activations.facts import Facts
from rmtjac.activations.function import Activation
from rmtjac.activations.registry import activation, names, register

__all__ = ["Activation", "Facts", "activation", "activation_facts", "names", "register"]
