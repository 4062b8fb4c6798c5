"""All compiled code: arrays and integer codes in, arrays out; nothing here knows the classes above."""

from rmtjac.kernels import cache_folder

cache_folder.ensure()
