"""All compiled code. Kernels take arrays and integer codes and return arrays; they do not use `Network` or results."""

from rmtjac.kernels import cache_folder

cache_folder.ensure()
