"""Writes the golden blocks beside this script: plain bytes and what zlib and HDF5 made of them.

The files are never rewritten: an encoder that an archive may name has to make the same bytes for ever.
Run with Python's classic zlib (the files are by 1.2.13), NumPy and h5py. Recipes are recorded by the test
`golden_recipes_close_to_the_recorded_bytes` when HEPZ_GOLDEN_ADD is set and a recipe is missing.
"""

import os
import struct
import sys
import tempfile
import zlib

import h5py
import numpy as np

here = os.path.dirname(os.path.abspath(__file__))


def write(name, data):
    path = os.path.join(here, name)
    if os.path.exists(path):
        if open(path, "rb").read() != bytes(data):
            sys.exit(f"{name} exists and differs: golden blocks are never rewritten")
        return
    with open(path, "wb") as f:
        f.write(data)


rng = np.random.default_rng(20261120)
rows = 450
table = np.zeros(rows, dtype=[("pt", "<f4"), ("eta", "<f4"), ("charge", "<i4"), ("event", "<i8")])
table["pt"] = np.round(rng.exponential(30.0, rows), 1)
table["eta"] = np.round(rng.normal(0.0, 1.5, rows), 2)
table["charge"] = rng.choice([-1, 1], rows)
table["event"] = np.sort(rng.integers(0, 200, rows))
plain = table.tobytes()
write("table.plain", plain)


def raw(level, mem_level=8, strategy=zlib.Z_DEFAULT_STRATEGY, window=-15):
    squeeze = zlib.compressobj(level, zlib.DEFLATED, window, mem_level, strategy)
    return squeeze.compress(plain) + squeeze.flush()


for level in range(1, 10):
    write(f"zlib_{level}.stored", zlib.compress(plain, level))
write("deflate_6.stored", raw(6))
write("deflate_0.stored", raw(0))
write("deflate_6_memory_9.stored", raw(6, mem_level=9))
write("deflate_6_window_10.stored", raw(6, window=-10))
write("deflate_huffman.stored", raw(6, strategy=zlib.Z_HUFFMAN_ONLY))
write("deflate_rle.stored", raw(6, strategy=zlib.Z_RLE))

with tempfile.TemporaryDirectory() as folder:
    with h5py.File(os.path.join(folder, "golden.h5"), "w") as f:
        made = f.create_dataset(
            "table", data=table, chunks=(rows,), shuffle=True, compression="gzip", compression_opts=4, fletcher32=True
        )
        filters = made.id.get_create_plist()
    
        print("HDF5 filters, plain to stored:", [filters.get_filter(i)[0] for i in range(filters.get_nfilters())])
        write("hdf5_pipeline.stored", made.id.read_direct_chunk((0,))[1])
        odd = f.create_dataset("odd", data=np.frombuffer(plain[:3001], dtype="u1"), chunks=(3001,), fletcher32=True)
        write("hdf5_fletcher32.stored", odd.id.read_direct_chunk((0,))[1])
print("zlib", zlib.ZLIB_RUNTIME_VERSION)


class Random:
    """The generator of tests/encoder.rs."""

    def __init__(self, seed):
        self.state = seed | 1

    def __call__(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return self.state >> 33


def noise(n, random):
    return bytes(random() & 255 for _ in range(n))


def geometric(n, random):
    """Byte k with probability 2 ** -(k + 1): Huffman codes as long as they get."""
    words = ((random() | 1 << 24) for _ in range(n))
    return bytes((word & -word).bit_length() - 1 for word in words)


def repeats(n, random):
    """Copies from near the edge of the window, with noise between."""
    source = noise(32_900, random)
    made = bytearray(source)
    while len(made) < n:
        length = 1 + random() % 90
        if random() % 10 < 7:
            at = len(made) - 32_000 - random() % 900
            made += made[at : at + length]
        else:
            made += noise(length, random)
    return bytes(made[:n])


def steps(n, random):
    made = bytearray()
    row = 0
    while len(made) < n:
        made += struct.pack("<HBB", random() % 1000, random() % 3, row // 7 % 256)
        row += 1
    return bytes(made[:n])


lines = ["# kind bytes level: length and adler32 of the stream that zlib makes"]
for kind, n in ((noise, 90_000), (geometric, 120_000), (repeats, 200_000), (steps, 300_000), (steps, 65_536)):
    plain = kind(n, Random(n))
    for level in range(1, 10):
        stream = raw(level)
        lines.append(f"{kind.__name__} {n} {level} {len(stream)} {zlib.adler32(stream)}")
write("streams.txt", ("\n".join(lines) + "\n").encode())
