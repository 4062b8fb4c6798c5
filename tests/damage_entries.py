"""Ways in which the entries of files of results are damaged, by a packer that makes the checksums right."""

import io
import json
import struct
import zipfile

import numpy as np

from tests.damage import flip, zeroed


def unpacked(data):
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return [(info.filename, file.read(info)) for info in file.infolist()]


def packed(entries):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, raw in entries:
            file.writestr(zipfile.ZipInfo(name), raw, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def npy(array, pickled=False):
    out = io.BytesIO()
    np.save(out, array, allow_pickle=pickled)
    return out.getvalue()


def array(raw):
    return np.load(io.BytesIO(raw), allow_pickle=False)


# Ways to damage what is packed, with right checksums of the packing.
def _entries(change):
    def damage(data, rng):
        entries = unpacked(data)
        i = int(rng.integers(len(entries)))
        return packed(change(entries, i, rng))

    damage.__name__ = change.__name__
    return damage


@_entries
def deleted(entries, i, rng):
    return entries[:i] + entries[i + 1 :]


@_entries
def renamed(entries, i, rng):
    name = str(rng.choice(["other.npy", entries[i][0][:-4], "weights_9.npy", "../x.npy", "", "weights_1.npy", "é.npy"]))
    return [*entries[:i], (name, entries[i][1]), *entries[i + 1 :]]


@_entries
def swapped(entries, i, rng):
    j = int(rng.integers(len(entries)))
    out = list(entries)
    out[i], out[j] = (entries[i][0], entries[j][1]), (entries[j][0], entries[i][1])
    return out


@_entries
def added(entries, i, rng):
    return [*entries, (f"{rng.choice(['extra', 'weights_2', 'cycle_7', 'facts', 'path'])}.npy", npy(np.arange(3.0)))]


@_entries
def no_array(entries, i, rng):
    raw = [b"", b"{}", b"\x93NUMPY", entries[i][1][:20], entries[i][1] + b"x", rng.bytes(50), entries[i][1][:-1]]
    return [*entries[:i], (entries[i][0], raw[rng.integers(len(raw))]), *entries[i + 1 :]]


@_entries
def npy_header(entries, i, rng):
    raw = bytearray(entries[i][1])
    end = 10 + struct.unpack_from("<H", raw, 8)[0]
    raw[rng.integers(end)] = rng.choice(list(b"(){}[]'\",:0123456789fOV<>|=TL \0\xff"))
    return [*entries[:i], (entries[i][0], bytes(raw)), *entries[i + 1 :]]


@_entries
def npy_texts(entries, i, rng):
    raw = entries[i][1]
    end = 10 + struct.unpack_from("<H", raw, 8)[0]
    text = raw[10:end].decode()
    texts = [
        "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }", "(" * 9000, "{" * 500, "9" * 9000,
        text.replace("False", "True"), text.replace("<", ">"), text.replace("shape': (", "shape': (1, "),
        text.replace("'shape'", "'shape': (0,), 'shape'"), text.replace("f8", "f4"), text.replace("f8", "i8"),
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }", "{'descr': 'f8,f8', 'shape': (3L,)}",
        "0_1 is \\d",
    ]  # fmt: skip
    new = texts[rng.integers(len(texts))].encode()
    raw = b"\x93NUMPY\1\0" + struct.pack("<H", len(new)) + new + raw[end:]
    return [*entries[:i], (entries[i][0], raw), *entries[i + 1 :]]


def other_array(array, rng):
    """Another array in the place of one."""
    size = array.size
    ways = [
        lambda: array.astype(complex) if array.dtype.kind in "biuf" else array.astype("S"),
        lambda: array.astype(str), lambda: array.astype("f4") if array.dtype.kind == "f" else array.astype("U9"),
        lambda: array.ravel(), lambda: array[None], lambda: array[..., None], lambda: np.array(3.0),
        lambda: array[:-1] if array.ndim else np.zeros(2),
        lambda: np.concatenate([array, array]) if array.ndim else array,
        lambda: array.T.copy() if array.ndim > 1 else array.reshape(-1, 1), lambda: np.zeros(0),
        lambda: np.zeros((0,) * max(array.ndim, 1), array.dtype), lambda: np.full(array.shape, np.nan),
        lambda: np.full(array.shape, np.inf), lambda: np.full(array.shape, -(10**6)),
        lambda: np.zeros(array.shape, "M8[s]"), lambda: np.zeros(array.shape, [("a", "f8"), ("b", "i4")]),
        lambda: np.array(["x" * 50] * max(size, 1)), lambda: np.arange(size).reshape(array.shape) * 1j,
        lambda: array > array if array.dtype.kind in "biuf" else np.array(True), lambda: np.zeros((1,) * 30),
        lambda: np.zeros((1_000_000,), np.uint8),
    ]  # fmt: skip
    return ways[rng.integers(len(ways))]()


@_entries
def arrays(entries, i, rng):
    name, raw = entries[i]
    if rng.random() < 0.05:
        return [*entries[:i], (name, npy(np.array([{"a": 1}, None], dtype=object), True)), *entries[i + 1 :]]
    return [*entries[:i], (name, npy(other_array(array(raw), rng))), *entries[i + 1 :]]


@_entries
def values(entries, i, rng):
    """One number changed, by a packer that makes the checksums right."""
    name, raw = entries[i]
    found = array(raw).copy()
    if found.dtype.kind in "biuf" and found.size:
        flat = found.reshape(-1)
        place = rng.integers(flat.size)
        flat[place] = ~flat[place] if found.dtype.kind == "b" else flat[place] + 1
    return [*entries[:i], (name, npy(found)), *entries[i + 1 :]]


def _header(change):
    def damage(data, rng):
        entries = dict(unpacked(data))
        text = str(array(entries["rmtjac.npy"]))
        entries["rmtjac.npy"] = npy(np.array(change(text, rng)))
        return packed(entries.items())

    damage.__name__ = change.__name__
    return damage


def _leaves(value, at=()):
    if isinstance(value, (dict, list)) and at:
        yield at
    for name, one in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _leaves(one, (*at, name))
    if not isinstance(value, (dict, list)):
        yield at


def _changed(header, rng):
    places = list(_leaves(header))
    *way, last = places[rng.integers(len(places))]
    inner = header
    for name in way:
        inner = inner[name]
    if rng.random() < 0.2:
        del inner[last]
    else:
        others = [
            "text",
            None,
            [],
            {},
            [1, 2],
            {"a": 1},
            float("nan"),
            float("inf"),
            -1,
            2**70,
            True,
            0.5,
            "",
            [[]],
            -1e400,
        ]
        inner[last] = others[rng.integers(len(others))]
    return header


@_header
def facts(text, rng):
    return json.dumps(_changed(json.loads(text), rng))


@_header
def old_facts(text, rng):
    """As `facts`, in a file without a digest: what earlier versions wrote."""
    header = json.loads(text)
    header.pop("digest", None)
    return json.dumps(_changed(header, rng))


@_header
def no_json(text, rng):
    deep = "[" * 200_000
    texts = ["", "{", text[:-5], text + "x", deep, '{"a":' * 100_000, text.replace('"facts": {', f'"facts": {deep}{{'),
             "9" * 5000, "[1]", "null", '"x"', text.replace('"kind"', '"kinds"'), text.replace("1", "9" * 5000, 1),
             text.replace(":", ": NaN, "), "\ud800" if rng.random() < 0.0 else "\x00", '{"format": 1}']  # fmt: skip
    return texts[rng.integers(len(texts))]


@_header
def header_is_none(text, rng):
    return [np.arange(3.0), np.array(3), np.array([text]), np.array(text.encode()), np.array(True)][rng.integers(5)]


def old(damage):
    """The same damage in a file without a digest, as earlier versions wrote them."""

    def both(data, rng):
        entries = dict(unpacked(data))
        header = json.loads(str(array(entries["rmtjac.npy"])))
        header.pop("digest", None)
        entries["rmtjac.npy"] = npy(np.array(json.dumps(header)))
        return damage(packed(entries.items()), rng)

    both.__name__ = f"old_{damage.__name__}"
    return both


PACKED = [deleted, renamed, swapped, added, no_array, npy_header, npy_texts, arrays, arrays, values, facts, facts,
          no_json, header_is_none]  # fmt: skip
OLD = [
    old_facts,
    *(old(one) for one in (flip, zeroed, deleted, renamed, added, no_array, npy_header, npy_texts, arrays)),
]
