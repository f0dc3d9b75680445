"""Large ROOT files come back from their archives, in bounded memory.

In: the command hepz, a folder for what is written. Out: a line for each file; exit code 1 if one does not come back or takes more
memory than is promised. Not here: whether the values are right (`uproot_agrees.py`).
"""

import filecmp
import os
import pathlib
import sys
import time

import awkward as ak
import numpy as np
import uproot

# What the command may use for a file of any size, and for each branch more: names, shapes and plans.
MEMORY_KIB = 1 << 20
BRANCH_KIB = 64


def wide(path, branches=10_000, entries=200):
    """Many branches of numbers and lists: a third of the names are lists, each with a branch of counts."""
    random = np.random.default_rng(1)
    lists = branches // 4
    numbers = branches - 2 * lists
    types, values = {}, {}
    for index in range(numbers):
        kind = ("f4", "i4", "f8", "bool", "i8")[index % 5]
        types[f"number_{index}"] = kind
        values[f"number_{index}"] = (100 * random.exponential(size=entries)).astype(kind)
    for index in range(lists):
        counts = random.poisson(2, entries)
        items = (20 + 30 * random.exponential(size=counts.sum())).astype("f4")
        types[f"list_{index}"] = "var * float32"
        values[f"list_{index}"] = ak.unflatten(items, counts)
    with uproot.recreate(path, compression=uproot.ZLIB(1)) as file:
        tree = file.mktree("Events", types, initial_basket_capacity=2)
        tree.extend(values)
    return branches


def long(path, entries=10_000_000, step=500_000):
    """Many entries of five branches, in baskets of half a million."""
    random = np.random.default_rng(2)
    types = {"run": "i4", "event": "i8", "pt": "f4", "eta": "f4", "energy": "f8"}
    with uproot.recreate(path, compression=uproot.ZLIB(1)) as file:
        tree = file.mktree("Events", types)
        for first in range(0, entries, step):
            pt = 20 + 30 * random.exponential(size=step)
            eta = random.normal(0, 1.5, step)
            values = {
                "run": np.full(step, 362294 + first // (4 * step), "i4"),
                "event": np.arange(first, first + step, dtype="i8"),
                "pt": pt.astype("f4"),
                "eta": eta.astype("f4"),
                "energy": np.round(pt * np.cosh(eta), 3),
            }
            tree.extend(values)
    return len(types)


def run(*command):
    """Seconds, and the most memory in KiB."""
    begin = time.monotonic()
    child = os.posix_spawn(command[0], [str(part) for part in command], os.environ)
    _, status, used = os.wait4(child, 0)
    if status != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {os.waitstatus_to_exitcode(status)}")
    return time.monotonic() - begin, used.ru_maxrss


def main():
    hepz, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    failed = False
    for name, write in [("wide", wide), ("long", long)]:
        path, archive, back = (folder / f"{name}.{end}" for end in ("root", "hepz", "back"))
        archive.unlink(missing_ok=True)
        back.unlink(missing_ok=True)
        branches = write(path)
        packing, most = run(hepz, "compress", "--no-verify", "-o", archive, path)
        unpacking, most_back = run(hepz, "decompress", "-o", back, archive)
        same = filecmp.cmp(path, back, shallow=False)
        kept = max(most, most_back) <= MEMORY_KIB + BRANCH_KIB * branches
        size = path.stat().st_size
        print(
            f"{name}: {size:,} bytes to {archive.stat().st_size:,}; {size / packing / 1e6:.2f} MB/s, {most >> 10} MiB;"
            f" back {size / unpacking / 1e6:.2f} MB/s, {most_back >> 10} MiB;"
            f" {'the same' if same else 'OTHER BYTES'}{'' if kept else ', TOO MUCH MEMORY'}",
            flush=True,
        )
        failed |= not (same and kept)
        for written in (path, archive, back):
            written.unlink()
    sys.exit(failed)


main()
