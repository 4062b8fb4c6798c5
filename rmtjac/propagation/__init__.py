"""How large the signal is in each layer of a wide network, and how the angle between two inputs changes.

- `stable_law`: density and distribution function of the symmetric stable laws.
- `expectation`: means of a function of one Gaussian, Cauchy or stable variable.
- `gaussian_pairs`: means of an activation and its slope over one or two Gaussian variables.
- `stable_weights`: the stable law of the sums over the weights of a layer.
- `layer_scales`: how one layer changes the size of the signal; `fixed_scale`: the size that it leaves unchanged.
- `mean_field`: the scale of the preactivations in each layer of an ensemble; `mask_laws`: what masks need of it.
- `layer_maps`: how one layer changes the variance and the correlation, and the fixed points of these maps.
- `phase`: order and chaos, at one point and on a grid.
- `tuning`: the critical line and dynamical isometry.

Import the names from these modules, and public names from `rmtjac` or `rmtjac.theory`. This folder exports no names
itself, because the function `mean_field` would hide the module of that name.
"""
