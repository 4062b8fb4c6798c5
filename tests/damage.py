"""Ways in which the bytes of files of results are damaged, and how loads of damaged files end."""

import struct

from tests.saved import content


# Ways to damage the bytes: (data, rng) -> data.
def flip(data, rng):
    out = bytearray(data)
    out[rng.integers(len(out))] ^= 1 << rng.integers(8)
    return bytes(out)


def flip_directory(data, rng):
    out = bytearray(data)
    start = data.index(b"PK\1\2")
    out[rng.integers(start, len(out))] ^= 1 << rng.integers(8)
    return bytes(out)


def flip_local(data, rng):
    out = bytearray(data)
    starts = [i for i in range(len(data) - 4) if data[i : i + 4] == b"PK\3\4"]
    out[rng.choice(starts) + rng.integers(30)] ^= 1 << rng.integers(8)
    return bytes(out)


def cut(data, rng):
    return data[: rng.integers(len(data))]


def cut_tail(data, rng):
    return data[: len(data) - rng.integers(1, 200)]


def cut_front(data, rng):
    return data[rng.integers(1, len(data)) :]


def extend(data, rng):
    return data + rng.bytes(rng.integers(1, 100))


def hole(data, rng):
    start, size = rng.integers(len(data)), rng.integers(1, 300)
    return data[:start] + bytes(min(size, len(data) - start)) + data[start + size :]


def noise(data, rng):
    start, size = rng.integers(len(data)), rng.integers(1, 60)
    return data[:start] + rng.bytes(min(size, len(data) - start)) + data[start + size :]


def _directory(data, rng, edit):
    """Change fields of an entry of the directory: flags, method, CRC, packed and full size."""
    starts = [i for i in range(len(data) - 4) if data[i : i + 4] == b"PK\1\2"]
    at = int(rng.choice(starts))
    out = bytearray(data)
    old = struct.unpack_from("<HH4xIII", data, at + 8)
    flags, method, crc, packed, full = edit(*old)
    struct.pack_into("<HH", out, at + 8, flags, method)
    struct.pack_into("<III", out, at + 16, crc, packed, full)
    return bytes(out)


def zeroed(data, rng):
    """CRC and full size 0: readers that trust the directory see an empty entry."""
    return _directory(data, rng, lambda flags, method, crc, packed, full: (flags, method, 0, packed, 0))


def zeroed_all(data, rng):
    return _directory(data, rng, lambda flags, method, crc, packed, full: (flags, method, 0, 0, 0))


def zeroed_crc(data, rng):
    return _directory(data, rng, lambda flags, method, crc, packed, full: (flags, method, 0, packed, full))


def huge(data, rng):
    return _directory(data, rng, lambda flags, method, crc, packed, full: (flags, method, crc, packed, 0xFFFFFFF0))


def method(data, rng):
    other = int(rng.choice([0, 1, 9, 12, 14, 93, 99]))
    return _directory(data, rng, lambda flags, method, crc, packed, full: (flags, other, crc, packed, full))


def encrypted(data, rng):
    return _directory(data, rng, lambda flags, method, crc, packed, full: (flags | 1, method, crc, packed, full))


BYTES = [flip, flip, flip_directory, flip_local, cut, cut_tail, cut_front, extend, hole, noise, zeroed, zeroed_all,
         zeroed_crc, huge, method, encrypted]  # fmt: skip


def outcomes(result, ways, rng, path):
    """Damage the file of a result in each way, and yield how its load ends.

    ``"line"``: in one line that names the file; ``"equal"``: as what was saved; ``"different"``; else the error.
    """
    data = result.save(path).read_bytes()
    want = content(result)
    for way in ways:
        path.write_bytes(way(data, rng))
        try:
            yield "equal" if content(type(result).load(path)) == want else "different"
        except Exception as error:
            text = str(error)
            named = isinstance(error, ValueError) and str(path) in text and "\n" not in text and len(text) < 600
            yield "line" if named else f"{type(error).__name__}: {text[:80]}"
