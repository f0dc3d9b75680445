"""Writes the NumPy fixtures beside this script, and for each a listing of what a reader has to find.

A listing is made with NumPy's own field access, not with offsets, so that it is independent of our reader:
    format npz
    table NAME|ROWS|INNER|ORDER
    column NAME|TYPE|SHA-256 of the values, packed little-endian
Padding columns are listed by the bytes that lie in the record.
"""

import hashlib
import io
import os
import struct
import zipfile

import numpy as np

here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(4)
MOST_ELEMENTS = 64


def leaves(values, name):
    """Columns of one field: (name, type, little-endian bytes of one value per row)."""
    dtype = values.dtype
    if values.ndim > 1:
        flat = values.reshape(values.shape[0], -1)
        if flat.shape[1] > MOST_ELEMENTS:
            raw = np.ascontiguousarray(flat).view("u1").reshape(values.shape[0], -1)
            for i in range(raw.shape[1]):
                yield f"{name}[{i}]", "u1", raw[:, i]
        else:
            for i in range(flat.shape[1]):
                yield from leaves(flat[:, i], f"{name}[{i}]")
    elif dtype.names is not None:
        for field in dtype.names:
            yield from leaves(values[field], f"{name}.{field}" if name else field)
    elif dtype.kind == "c":
        for part, half in (("re", values.real), ("im", values.imag)):
            yield (f"{name}.{part}" if name else part), f"f{half.dtype.itemsize}", half
    elif dtype.kind in "SUV" or dtype.itemsize == 16:
        raw = np.ascontiguousarray(values)
        unit = "u4" if dtype.kind == "U" else "u1"
        order = dtype.byteorder if dtype.kind == "U" else "|"
        raw = raw.view((order if order in "<>" else "") + unit).reshape(len(values), -1)
        for i in range(raw.shape[1]):
            yield f"{name}[{i}]", unit, raw[:, i]
    elif dtype.kind in "mM":
        yield name, "i8", values.view(values.dtype.byteorder.replace("=", "<") + "i8")
    elif dtype.kind == "b":
        yield name, "bool", values
    else:
        yield name, f"{dtype.kind}{dtype.itemsize}", values


def listing(array, name):
    storage = array.flags.f_contiguous and not array.flags.c_contiguous
    flat = array.reshape(-1, order="F" if storage else "C")
    inner = ",".join(str(n) for n in array.shape[1:])
    lines = [f"table {name}|{flat.size}|{inner}|{'storage' if storage else 'logical'}"]
    top = array.dtype.names is not None or array.dtype.kind == "c"
    columns = list(leaves(flat, "" if top else (name or "value")))
    taken = {column[0] for column in columns}
    raw = np.frombuffer(flat.tobytes(), dtype="u1").reshape(flat.size, -1) if flat.size else None
    for offset in padding(array.dtype, 0):
        columns.append((f"<pad {offset}>", "u1", raw[:, offset] if raw is not None else np.zeros(0, "u1")))
    assert len(taken) + len(padding(array.dtype, 0)) == len(columns)
    for column, scalar, values in sorted(columns):
        packed = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<")).tobytes()
        lines.append(f"column {column}|{scalar}|{hashlib.sha256(packed).hexdigest()}")
    return lines


def padding(dtype, at):
    """Offsets of bytes that belong to no field."""
    if dtype.names is None:
        return []
    free, found = 0, []
    for field in dtype.names:
        of, offset = dtype.fields[field][:2]
        found += range(at + free, at + offset)
        base, elements = (of.subdtype[0], int(np.prod(of.shape))) if of.subdtype else (of, 1)
        if base.names is not None:
            for i in range(elements):
                found += padding(base, at + offset + i * base.itemsize)
        free = offset + of.itemsize
    return found + list(range(at + free, at + dtype.itemsize))


def write(name, data, expected):
    with open(os.path.join(here, name), "wb") as f:
        f.write(data)
    with open(os.path.join(here, name + ".expected"), "w") as f:
        f.write("\n".join(expected) + "\n")


def npy(name, array, version=None):
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version=version)
    write(name + ".npy", out.getvalue(), ["format npy"] + listing(array, ""))


def random(dtype, shape):
    """Random bytes, but for bools, text and what has to be valid."""
    dtype = np.dtype(dtype)
    size = int(np.prod(shape))
    array = np.frombuffer(rng.bytes(size * dtype.itemsize), dtype=dtype).reshape(shape).copy()
    return array


def numbers(dtype, shape):
    return rng.integers(0, 100, shape).astype(dtype)


for code in ["?", "i1", "u1", "<i2", ">i2", "<u4", ">u4", "<i8", ">u8", "<f2", ">f4", "<f8", ">f8", "<c8", ">c16"]:
    label = np.dtype(code).str.replace("<", "little_").replace(">", "big_").replace("|", "")
    npy(f"plain_{label}", numbers(code, 37))
npy("shape_scalar", numbers("<f4", ()))
npy("shape_3d", numbers("<f4", (4, 5, 6)))
npy("shape_fortran", np.asfortranarray(numbers("<f4", (4, 5, 6))))
npy("shape_empty", numbers("<f4", (0, 5)))
npy("version_2", numbers("<f4", 10), version=(2, 0))
npy("text_bytes", np.array([b"ab", b"c", b""], dtype="S3"))
npy("text_unicode", np.array(["aé", "ć", ""], dtype="<U3"))
npy("text_unicode_big", np.array(["aé", "ć", ""], dtype=">U3"))
npy("times", np.array(["2020-01-01", "NaT"], dtype="M8[ns]"))
npy("long_double", numbers("<i4", 5).astype(np.longdouble))

event = np.dtype(
    [
        ("id", "<u8"),
        ("jet", [("p4", ">f4", (2, 2)), ("tag", "u1"), ("b", "?")]),
        (("a title", "weight"), "<f8"),
        ("z", "<c8"),
        ("label", "S5"),
        ("hits", "<u2", (70,)),
        ("tower", [("e", "<f4"), ("n", "u1")], (3,)),
    ]
)
npy("record_nested", random(event, 23))
npy("record_aligned", random(np.dtype([("a", "u1"), ("b", "<f8"), ("c", "<i2")], align=True), 17))
npy("record_aligned_nested", random(np.dtype([("x", np.dtype([("a", "u1"), ("b", "<f4")], align=True), (2,)), ("c", "u1")]), 9))
npy("record_unicode_names", random(np.dtype([("π", "<f4"), ("η'\"", "<f4")]), 9), version=(3, 0))

# What stays in the skeleton, with a note.
out = io.BytesIO()
np.lib.format.write_array(out, np.array([{"a": 1}, None], dtype=object))
write("skeleton_objects.npy", out.getvalue(), ["format npy", "notes 1"])
out = io.BytesIO()
np.lib.format.write_array(out, random([("x", "<f4", (65,))], 3))
write("skeleton_long_array.npy", out.getvalue(), ["format npy", "notes 1"])
out = io.BytesIO()
np.lib.format.write_array(out, numbers("<f4", 10))
write("skeleton_cut.npy", out.getvalue()[:-1], ["format npy", "notes 1"])
write("junk_after.npy", out.getvalue() + b"junk", ["format npy", "notes 1"] + [])
array = np.frombuffer(out.getvalue()[-40:], dtype="<f4")
write("junk_after.npy", out.getvalue() + b"junk", ["format npy", "notes 1"] + listing(array, ""))

arrays = {
    "pt": numbers("<f4", 1000),
    "folder/eta": numbers(">f8", (20, 5)),
    "event": random(event, 11),
    "nothing": numbers("<f4", 0),
}
for name, save in (("savez", np.savez), ("savez_compressed", np.savez_compressed)):
    out = io.BytesIO()
    save(out, **arrays)
    write(name + ".npz", out.getvalue(), ["format npz"] + sum((listing(a, n) for n, a in arrays.items()), []))


def npy_bytes(array):
    out = io.BytesIO()
    np.lib.format.write_array(out, array)
    return out.getvalue()


class Pipe(io.RawIOBase):
    """A file that cannot seek: zip members then end with data descriptors."""

    def __init__(self):
        self.data = bytearray()

    def writable(self):
        return True

    def write(self, data):
        self.data += data
        return len(data)


pipe = Pipe()
with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as z:
    with z.open("a.npy", "w", force_zip64=True) as f:
        f.write(npy_bytes(arrays["pt"]))
    z.writestr("notes.txt", "not an array")
    z.writestr("sub/b.npy", npy_bytes(arrays["folder/eta"]), zipfile.ZIP_STORED)
    z.writestr("c.npy", npy_bytes(arrays["pt"]), zipfile.ZIP_BZIP2)
    z.writestr("d.npy", b"not an array")
    z.comment = b"PK\x05\x06 a comment that looks like an end"
expected = ["format npz", "notes 2"] + listing(arrays["pt"], "a") + listing(arrays["folder/eta"], "sub/b")
write("descriptors.npz", bytes(pipe.data), expected)

# zip64 everywhere: sizes and offset in the extra field, and a zip64 end record.
member = npy_bytes(arrays["pt"])
name = b"wide.npy"
crc = zipfile.crc32(member)
wide = struct.pack("<HHQQQ", 1, 24, len(member), len(member), 0)
local = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 45, 0, 0, 0, 0, crc, 2**32 - 1, 2**32 - 1, len(name), 20)
local += name + struct.pack("<HHQQ", 1, 16, len(member), len(member))
directory = struct.pack(
    "<4sHHHHHHIIIHHHHHII", b"PK\1\2", 45, 45, 0, 0, 0, 0, crc, 2**32 - 1, 2**32 - 1, len(name), len(wide), 0, 0, 0, 0, 2**32 - 1
)
directory += name + wide
at = len(local) + len(member)
end = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, len(directory), at)
end += struct.pack("<4sIQI", b"PK\6\7", 0, at + len(directory), 1)
end += struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, 2**32 - 1, 2**32 - 1, 0)
data = local + member + directory + end
assert (np.load(io.BytesIO(data))["wide"] == arrays["pt"]).all()
write("zip64.npz", data, ["format npz"] + listing(arrays["pt"], "wide"))
