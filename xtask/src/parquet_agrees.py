"""Whether pyarrow reads from `hepz cat --to parquet` what `hepz cat --to npz` gives, and what other readers of the files find.

In: the command hepz, a folder for what is written, files of any format. Out: a line for each table; exit code 1 if a value
differs. Not here: values of ROOT files against uproot, which `uproot_agrees.py` compares with the same NumPy arrays.
"""

import pathlib
import subprocess
import sys
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq


def hepz(command, *arguments):
    return subprocess.run([command, *arguments], capture_output=True, text=True)


def flat(array):
    """Innermost values of a column, and where the lists of each depth begin."""
    offsets = []
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.array([], array.type)
    while pa.types.is_list(array.type):
        begins = array.offsets.to_numpy()
        offsets.append(begins - begins[0])
        array = array.flatten()
    return array.to_numpy(zero_copy_only=False), offsets


def bits(array):
    """Values as patterns, so that NaN equals NaN."""
    array = np.ascontiguousarray(array)
    return array.view(f"u{array.dtype.itemsize}") if array.dtype.kind == "f" else array


def compare(table, arrays):
    """Names of columns that differ."""
    differ = []
    for name in table.column_names:
        if name not in arrays:
            differ.append(name + " (missing)")
            continue
        values, offsets = flat(table[name])
        theirs = arrays[name]
        if values.dtype == object:
            continue
        same = values.dtype == theirs.dtype and np.array_equal(bits(values), bits(theirs.reshape(-1)))
        for depth, begins in enumerate(offsets):
            key = f"{name}.offsets" + ("" if depth == 0 else str(depth + 1))
            if key in arrays:
                same = same and np.array_equal(begins, arrays[key])
            else:
                # An array of fixed length, or a dataset of several dimensions.
                same = same and len(set(np.diff(begins))) <= 1
        if not same:
            differ.append(name)
    return differ


def check(command, folder, path):
    archive, parquet, npz = (folder / f"{path.name}{suffix}" for suffix in (".hepz", ".parquet", ".npz"))
    done = hepz(command, "compress", "-qf", "--level", "fast", "-o", archive, path)
    if done.returncode:
        return [(path.name, [done.stderr.strip()])]
    listed = json.loads(hepz(command, "list", "--json", archive).stdout)
    if listed["events"] is not None:
        choices = [["--particles"]]
    elif listed["trees"]:
        choices = [["--tree", tree["name"]] for tree in listed["trees"] if tree["entries"]]
    else:
        tables = {column["table"] for column in json.loads(hepz(command, "inspect", "--json", archive).stdout)["columns"]}
        choices = [["--columns", table] if table else [] for table in sorted(tables)]
    results = []
    for choice in choices:
        name = " ".join([path.name, *choice])
        for output, to in ((parquet, "parquet"), (npz, "npz")):
            done = hepz(command, "cat", "-f", "--to", to, "-o", output, *choice, archive)
            if done.returncode:
                break
        if done.returncode:
            # Names that are in a tree twice go into no file.
            if "would be called" not in done.stderr:
                results.append((name, [done.stderr.strip()]))
            continue
        results.append((name, compare(pq.read_table(parquet), np.load(npz))))
    return results


def main():
    command, folder, *paths = sys.argv[1:]
    well = True
    for path in map(pathlib.Path, paths):
        for name, differ in check(command, pathlib.Path(folder), path):
            print(f"   {name}: {'equal' if not differ else 'DIFFERS: ' + ', '.join(differ[:8])}", flush=True)
            well &= not differ
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
