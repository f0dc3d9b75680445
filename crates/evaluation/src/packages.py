"""Columns by a Python package: one job in, its time and peak memory out.

Fed to `python3 -` by hepz-evaluation; the argument names a file with the job in JSON. Reads and writes files outside the clock.
"""
import json
import sys
import time

import numpy

with open(sys.argv[1]) as description:
    job = json.load(description)
rival = job["rival"]

if rival.startswith("blosc2"):
    import blosc2

    def pack(column, kind):
        size = column.dtype.itemsize
        filters, meta = [blosc2.Filter.SHUFFLE], [0]
        if rival == "blosc2-bytedelta":
            filters, meta = filters + [blosc2.Filter.BYTEDELTA], [0, size]
        return blosc2.compress2(column, typesize=size, codec=blosc2.Codec.ZSTD, clevel=9,
                                filters=filters, filters_meta=meta, nthreads=1)

    def unpack(packed, kind):
        return blosc2.decompress2(packed, nthreads=1)
elif rival == "zfp":
    import zfpy

    def pack(column, kind):
        return zfpy.compress_numpy(column)

    def unpack(packed, kind):
        return zfpy.decompress_numpy(packed).tobytes()
elif rival == "fpzip":
    import fpzip

    def pack(column, kind):
        return fpzip.compress(column, precision=0, order="C")

    def unpack(packed, kind):
        return fpzip.decompress(packed, order="C").tobytes()
else:
    sys.exit("no such package: " + rival)


def dtype(kind):
    return numpy.dtype("u1" if kind == "bool" else "<" + kind)


def memory():
    """Bytes held now and at most, where there is /proc."""
    try:
        with open("/proc/self/status") as status:
            fields = dict(line.split(":", 1) for line in status if ":" in line)
        return tuple(1024 * int(fields[name].split()[0]) for name in ("VmRSS", "VmHWM"))
    except (OSError, KeyError, ValueError):
        return None


with open(job["input"], "rb") as file:
    data = file.read()
inputs, at = [], 0
for kind, count in job["columns"]:
    if job["compress"]:
        inputs.append(numpy.frombuffer(data, dtype(kind), count, at).copy())
        at += count * dtype(kind).itemsize
    else:
        size = int.from_bytes(data[at:at + 4], "little")
        inputs.append(data[at + 4:at + 4 + size])
        at += 4 + size
work = pack if job["compress"] else unpack
try:
    # From here on, the peak is that of the work.
    with open("/proc/self/clear_refs", "w") as peak:
        peak.write("5")
except OSError:
    pass
before, best, total, repeats, peak_bytes = memory(), None, 0, 0, None
while True:
    start = time.process_time()
    outputs = [work(one, kind) if count else b"" for one, (kind, count) in zip(inputs, job["columns"])]
    seconds = time.process_time() - start
    after = memory()
    if repeats == 0 and before and after:
        peak_bytes = max(0, after[1] - before[0])
    best = seconds if best is None else min(best, seconds)
    total += seconds
    repeats += 1
    if job["once"] or total >= 0.3 or repeats >= 20:
        break
with open(job["output"], "wb") as file:
    for one in outputs:
        if job["compress"]:
            file.write(len(one).to_bytes(4, "little"))
        file.write(one)
print(json.dumps({"seconds": best, "peak_bytes": peak_bytes}))
