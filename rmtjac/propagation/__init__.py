"""How large the signal is in each layer of a wide network, and how two inputs stay apart."""
