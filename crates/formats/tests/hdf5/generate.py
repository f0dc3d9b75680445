"""Writes the HDF5 files of this folder and, beside each, what a reader must find in it.

Run: python3 generate.py   (h5py >= 3.12, PyTables, numpy). Files are small; the names say what they hold.

A `.expected` file has one line per fact:
    table ROWS ORDER INNER PATH       a dataset that must become a table (INNER is `-` or `3,4`)
    column SCALAR ENDIAN HASH UNIT NAME   a column of the table above; the hash is the start of the SHA-256 of its values, little-endian
    absent PATH                       a dataset that must stay skeleton
Datasets whose name ends in `_as_stored` must be numbered as they lie, padding included; names that begin with `left_`
must stay skeleton. What the values are is asked of libhdf5 (through h5py), never of our reader.
"""

import ctypes
import hashlib
import itertools
import os
import sys
import zlib

import h5py
import numpy as np
import tables
from h5py import h5d, h5p, h5s, h5t

HERE = os.path.dirname(os.path.abspath(__file__))
RANDOM = np.random.default_rng(7)


# ---------------------------------------------------------------- what a reader must find

def size_in_file(of):
    """libhdf5 says how long heap references are in memory; in the file they are a length, an address, a number."""
    if is_variable(of):
        return 16
    if of.get_class() == h5t.COMPOUND and has_heap_members(of):
        return sum(size_in_file(of.get_member_type(i)) for i in range(of.get_nmembers()))
    return of.get_size()


def flatten(of, name, offset):
    """(name, scalar, endian, offset, width) of every number of an HDF5 type."""
    size = size_in_file(of)
    kind = of.get_class()
    if kind == h5t.COMPOUND:
        packed = 0
        for member in range(of.get_nmembers()):
            inner = of.get_member_name(member).decode()
            path = f"{name}.{inner}" if name else inner
            at = packed if has_heap_members(of) else of.get_member_offset(member)
            yield from flatten(of.get_member_type(member), path, offset + at)
            packed += size_in_file(of.get_member_type(member))
    elif kind == h5t.ARRAY:
        element = of.get_super()
        for at in range(size // element.get_size()):
            yield from flatten(element, f"{name}[{at}]", offset + at * element.get_size())
    elif kind == h5t.ENUM:
        members = {of.get_member_name(i): of.get_member_value(i) for i in range(of.get_nmembers())}
        if members == {b"FALSE": 0, b"TRUE": 1} and size == 1:
            yield name, "bool", "little", offset, 1
        else:
            yield from flatten(of.get_super(), name, offset)
    elif kind == h5t.INTEGER and size in (1, 2, 4, 8):
        sign = "u" if of.get_sign() == h5t.SGN_NONE else "i"
        yield name, f"{sign}{size}", endian(of), offset, size
    elif kind == h5t.FLOAT and size in (2, 4, 8):
        yield name, f"f{size}", endian(of), offset, size
    elif size == 1:
        yield name, "u1", "little", offset, 1
    else:
        for at in range(size):
            yield f"{name}[{at}]", "u1", "little", offset + at, 1


def endian(of):
    return "big" if of.get_order() == h5t.ORDER_BE else "little"


def stored_chunks(data):
    """The plain content of each chunk that is stored, in C order. (By place: libhdf5 2.0 gets places wrong that are
    asked by number, where the dimension that grows is not the first.)"""
    steps = [range(0, length, chunk) for length, chunk in zip(data.shape, data.chunks)]
    plist = data.id.get_create_plist()
    for offset in itertools.product(*steps):
        try:
            skipped, raw = data.id.read_direct_chunk(offset)
        except RuntimeError:
            continue
        ends = [first + chunk for first, chunk in zip(offset, data.chunks)]
        edge = any(end > length for end, length in zip(ends, data.shape))
        yield raw if edge and "plain_edges" in data.name else plain(plist, skipped, raw)


def plain(plist, skipped, raw):
    for at in reversed(range(plist.get_nfilters())):
        if skipped >> at & 1:
            continue
        code, _, parameters, _ = plist.get_filter(at)
        if code == h5py.h5z.FILTER_DEFLATE:
            raw = zlib.decompress(raw)
        elif code == h5py.h5z.FILTER_SHUFFLE:
            width = parameters[0]
            body = len(raw) // width * width
            raw = np.frombuffer(raw[:body], "u1").reshape(width, -1).T.tobytes() + raw[body:]
        elif code == h5py.h5z.FILTER_FLETCHER32:
            raw = raw[:-4]
    return raw


def has_heap_members(of):
    if of.get_class() == h5t.COMPOUND:
        return any(has_heap_members(of.get_member_type(i)) for i in range(of.get_nmembers()))
    return of.get_class() == h5t.REFERENCE or is_variable(of)


def is_variable(of):
    return of.get_class() == h5t.VLEN or (of.get_class() == h5t.STRING and of.is_variable_str())


def records(path, data):
    """All records of a dataset, as the bytes that the file holds (unfiltered)."""
    of = data.id.get_type()
    if data.name.endswith("_as_stored"):
        return b"".join(stored_chunks(data))
    size = size_in_file(of) * data.size
    if has_heap_members(of):
        # libhdf5 would convert what lies in heaps; get_offset counts from the start of the file.
        with open(path, "rb") as file:
            file.seek(data.id.get_offset())
            return file.read(size)
    into = np.zeros(size, "u1").view(f"V{of.get_size()}")
    data.id.read(h5s.ALL, h5s.ALL, into.reshape(data.shape), mtype=of)
    return into.tobytes()


def unit_of(data):
    unit = data.attrs.get("units", data.attrs.get("unit", ""))
    unit = unit.decode() if isinstance(unit, bytes) else unit
    return unit or "-"


def describe(path):
    lines = []

    seen = set()

    def visit(name, thing):
        if not isinstance(thing, h5py.Dataset) or thing.id in seen:
            return
        seen.add(thing.id)
        last = name.rsplit("/", 1)[-1]
        if last.startswith("left_"):
            lines.append(f"absent {name}")
            return
        raw = records(path, thing)
        of = thing.id.get_type()
        inner = list(thing.shape[1:])
        while of.get_class() == h5t.ARRAY and of.get_size() // of.get_super().get_size() > 64:
            if thing.shape:
                inner.append(of.get_size() // of.get_super().get_size())
            of = of.get_super()
        width = size_in_file(of)
        as_stored = last.endswith("_as_stored")
        inner = "-" if as_stored or not inner else ",".join(map(str, inner))
        order = "storage" if as_stored else "logical"
        columns = list(flatten(of, "" if of.get_class() == h5t.COMPOUND else last, 0))
        covered = {at for _, _, _, offset, bytes_ in columns for at in range(offset, offset + bytes_)}
        columns += [(f"<pad {at}>", "u1", "little", at, 1) for at in range(width) if at not in covered]
        plain = of.get_class() in (h5t.INTEGER, h5t.FLOAT)
        unit = unit_of(thing) if plain else "-"
        grid = np.frombuffer(raw, "u1").reshape(-1, width)
        lines.append(f"table {len(grid)} {order} {inner} {name}")
        for column, scalar, byte_order, offset, bytes_ in sorted(columns, key=lambda c: c[3]):
            values = grid[:, offset:offset + bytes_]
            values = values[:, ::-1] if byte_order == "big" else values
            digest = hashlib.sha256(values.tobytes()).hexdigest()[:16]
            lines.append(f"column {scalar} {byte_order} {digest} {unit} {column}")

    with h5py.File(path, "r") as file:
        file.visititems(visit)
    with open(path.removesuffix(".h5") + ".expected", "w") as out:
        out.write("\n".join(lines) + "\n")


# ---------------------------------------------------------------- the files

def floats(*shape):
    """Numbers that compress a little, as measured ones do."""
    return np.round(RANDOM.normal(20, 9, shape), 2).astype("f4")


def hdf5_library():
    """h5py's own copy of the library, for what h5py does not wrap."""
    maps = open("/proc/self/maps")
    return ctypes.CDLL(next(line.split()[-1] for line in maps if "h5py.libs/libhdf5-" in line))


def low_level(file, name, data, chunk=None, layout=None, early=False, maxshape=None, plain_edges=False):
    """A dataset with properties that the high level does not offer."""
    plist = h5p.create(h5p.DATASET_CREATE)
    if chunk:
        plist.set_chunk(chunk)
    if layout is not None:
        plist.set_layout(layout)
    if early:
        plist.set_alloc_time(h5d.ALLOC_TIME_EARLY)
    if plain_edges:
        plist.set_deflate(4)
        assert hdf5_library().H5Pset_chunk_opts(ctypes.c_int64(plist.id), ctypes.c_uint(2)) >= 0
    space = h5s.create_simple(data.shape, maxshape or data.shape)
    made = h5d.create(file.id, name.encode(), h5t.py_create(data.dtype, logical=True), space, plist)
    made.write(h5s.ALL, h5s.ALL, np.ascontiguousarray(data))
    return h5py.Dataset(made)


JET = np.dtype([("pt", "f4"), ("eta", "f4"), ("n", "i4"), ("event", "i8"), ("good", "?")])


def jets(n):
    out = np.zeros(n, JET)
    out["pt"], out["eta"] = floats(n), floats(n)
    out["n"], out["event"], out["good"] = RANDOM.integers(0, 20, n), np.arange(n) // 3, RANDOM.integers(0, 2, n)
    return out


def types(file):
    """One dataset per kind of element."""
    for code in ["i1", "u1", "<i2", ">i2", "<u4", ">u4", "<i8", ">u8", "<f2", ">f2", "<f4", ">f4", "<f8", ">f8"]:
        name = code.replace("<", "little_").replace(">", "big_")
        file[f"number_{name}"] = (RANDOM.normal(0, 50, 70)).astype("f4").astype("i1").astype(code)
    file["bool"] = RANDOM.integers(0, 2, 80).astype("?")
    colours = h5py.enum_dtype({"red": 0, "green": 1, "blue": 300}, basetype="i2")
    file.create_dataset("enum", data=RANDOM.integers(0, 2, 50), dtype=colours)
    file["complex"] = floats(30) + 1j * floats(30)
    file["long_double"] = floats(10).astype("g")
    file["text"] = np.array([f"jet {n}" for n in range(20)], "S7")
    file["letters"] = np.array([b"a", b"b"] * 40, "S1")
    file["opaque"] = np.array([bytes([n] * 5) for n in range(20)], "V5")
    file["left_long_text"] = np.array([b"x" * n for n in range(20)], "S80")
    file["left_text_of_any_length"] = [f"{n}" * n for n in range(20)]
    file.create_dataset("left_references", data=[file.ref] * 20, dtype=h5py.ref_dtype)
    file.create_dataset("left_lists", (20,), dtype=h5py.vlen_dtype("f4"))
    file["left_tiny"] = floats(15)
    file["left_scalar"] = 3.5
    file["left_empty_shape"] = np.zeros((0, 4), "f4")
    file["left_null"] = h5py.Empty("f4")


def records_of_all_kinds(file):
    """Compounds."""
    file["jets"] = jets(30)
    inner = np.dtype([("x", ">f8"), ("y", "f2")])
    nested = np.dtype([("id", "u2"), ("at", inner), ("cov", "f4", (2, 3)), ("legs", inner, (2,)), ("name", "S3")])
    data = np.zeros(12, nested)
    data["id"], data["at"]["x"], data["cov"] = np.arange(12), floats(12), floats(12, 2, 3)
    data["legs"]["y"], data["name"] = floats(12, 2), [f"n{k}".encode() for k in range(12)]
    file["nested"] = data
    aligned = np.zeros(12, np.dtype([("a", "u1"), ("b", "f8"), ("c", "i2")], align=True))
    aligned["a"], aligned["b"] = np.arange(12), floats(12)
    file["aligned"] = aligned
    mixed = np.dtype([("e", "f4"), ("words", h5py.string_dtype()), ("to", h5py.ref_dtype), ("n", "i4")])
    rows = np.zeros(6, mixed)
    rows["e"], rows["n"] = floats(6), np.arange(6)
    rows["words"], rows["to"] = ["some", "words"] * 3, [file.ref] * 6
    file.create_dataset("with_heap_members", data=rows)
    for name, rows, length, options in [("arrays", 9, 3, {}), ("waveforms", 4, 100, {}),
                                        ("waveforms_in_chunks", 6, 70, {"chunks": (4,), "compression": 1})]:
        made = file.create_dataset(name, (rows,), np.dtype(("f4", (length,))), **options)
        made[:] = floats(rows, length)
    file["type"] = JET
    file.create_dataset("of_committed_type", data=jets(20), dtype=file["type"])
    file.create_dataset("grid", data=jets(24).reshape(2, 3, 4))


def chunked(file):
    """Fixed shapes in chunks: B-tree v1; in new files single chunk, implicit, fixed array."""
    filters = {
        "plain": {}, "gzip": {"compression": 6}, "shuffle": {"shuffle": True}, "fletcher": {"fletcher32": True},
        "shuffle_gzip": {"compression": 4, "shuffle": True},
        "all": {"compression": 9, "shuffle": True, "fletcher32": True},
    }
    for name, options in filters.items():
        file.create_dataset(f"line_{name}", data=floats(150), chunks=(40,), **options)
        if name in ["plain", "all"]:
            file.create_dataset(f"one_{name}", data=floats(50), chunks=(50,), **options)
    file.create_dataset("jets", data=jets(90), chunks=(25,), compression=5, shuffle=True)
    file.create_dataset("bytes", data=np.arange(200, dtype="u1"), chunks=(64,), compression=5, shuffle=True)
    file.create_dataset("full_inner", data=floats(23, 4), chunks=(6, 4), compression=5)
    file.create_dataset("long_inner", data=floats(5, 130), chunks=(2, 65))
    file.create_dataset("edges_as_stored", data=floats(13, 11), chunks=(4, 5), compression=5, shuffle=True)
    file.create_dataset("cube_as_stored", data=floats(5, 4, 6), chunks=(2, 3, 4))
    low_level(file, "implicit", floats(90), chunk=(20,), early=True)
    low_level(file, "implicit_2d_as_stored", floats(9, 7), chunk=(4, 3), early=True)
    if file.libver[0] != "earliest":
        low_level(file, "plain_edges", floats(70), chunk=(30,), plain_edges=True)
        low_level(file, "plain_edges_2d_as_stored", floats(7, 9), chunk=(3, 4), plain_edges=True)
    gaps = file.create_dataset("gaps_as_stored", (200,), "f4", chunks=(20,), compression=2)
    gaps[25:60], gaps[150:] = floats(35), floats(50)
    masked = file.create_dataset("skipped_filters", (64,), "f4", chunks=(16,), compression=2, shuffle=True)
    masked[:] = floats(64)
    masked.id.write_direct_chunk((16,), floats(16).tobytes(), filter_mask=3)
    raw = np.frombuffer(floats(16).tobytes(), "u1").reshape(16, 4).T.tobytes()
    masked.id.write_direct_chunk((48,), raw, filter_mask=2)
    file.create_dataset("left_lzf", data=floats(80), chunks=(40,), compression="lzf")
    file.create_dataset("left_scaled", data=floats(80), chunks=(40,), scaleoffset=2)
    low_level(file, "compact", floats(50), layout=h5d.COMPACT)
    file.create_dataset("left_not_written", (100,), "f4")


def many_chunks(file):
    """Indexes of more than one node or page."""
    file.create_dataset("fixed", data=np.arange(2200) % 251, chunks=(2,), dtype="u1")
    sparse = file.create_dataset("sparse_as_stored", (11000,), "f4", chunks=(10,))
    sparse[10805:11000] = floats(195)


def resizable(file):
    """Shapes that can grow: extensible arrays and version 2 B-trees in new files."""
    line = file.create_dataset("line", data=floats(60), maxshape=(None,), chunks=(16,))
    line.resize((150,))
    line[60:] = floats(90)
    file.create_dataset("line_gzip", data=floats(150), maxshape=(None,), chunks=(16,), compression=3, shuffle=True)
    file.create_dataset("jets", data=jets(40), maxshape=(None,), chunks=(7,), compression=3)
    file.create_dataset("bounded", data=floats(60), maxshape=(100,), chunks=(16,), compression=3)
    file.create_dataset("bounded_2d_as_stored", data=floats(7, 9), maxshape=(20, 30), chunks=(2, 4))
    file.create_dataset("wide_as_stored", data=floats(6, 33), maxshape=(6, None), chunks=(4, 5))
    file.create_dataset("rows", data=floats(33, 6), maxshape=(None, 6), chunks=(5, 6), compression=1)
    file.create_dataset("both_as_stored", data=floats(17, 9), maxshape=(None, None), chunks=(4, 4))
    file.create_dataset("both_gzip_as_stored", data=floats(17, 9), maxshape=(None, None), chunks=(4, 4), compression=1)
    shrunk = file.create_dataset("shrunk", data=floats(200), maxshape=(None,), chunks=(16,))
    shrunk.resize((50,))


def growth(file):
    """Extensible arrays with super blocks and pages; a deep B-tree."""
    file.create_dataset("long", data=np.arange(900, dtype="u2"), maxshape=(None,), chunks=(2,))
    file.create_dataset("tree_as_stored", data=np.arange(1200, dtype="u1").reshape(30, 40), maxshape=(None, None),
                        chunks=(3, 2))


def far(file):
    """An element of an extensible array far enough out to be in a page of a data block."""
    data = file.create_dataset("far_as_stored", (200000,), "f4", maxshape=(None,), chunks=(1,))
    data[150000:150040] = floats(40)


def groups(file):
    """Names: nested, many, linked twice, linked in circles."""
    for n in range(4):
        file.create_group(f"many/group_{n:02}")
    for n in range(12):
        file[f"many/data_{n:02}"] = np.arange(70, dtype="u1") * n
    for n in range(40):
        file[f"many/soft_link_to_nowhere_{n:03}"] = h5py.SoftLink(f"/nowhere/{n}")
    file["outside"] = h5py.ExternalLink("other.h5", "/data")
    file["deep/er/and/deeper/ünïcode"] = floats(20)
    file["deep/er/back_to_root"] = file["/"]
    file["second_name"] = file["many/data_03"]
    with_units = file.create_dataset("energy", data=floats(30))
    with_units.attrs["units"] = np.bytes_("GeV")
    with_unit = file.create_dataset("length", data=floats(30))
    with_unit.attrs["unit"] = "mm"
    many_attributes = file.create_dataset("attributes", data=floats(30))
    for n in range(12):
        many_attributes.attrs[f"note {n}"] = n * 1.5
    many_attributes.attrs["units"] = np.bytes_("mrad")
    ordered = file.create_group("ordered", track_order=True)
    for n in [5, 3, 9, 1, 7, 2, 8, 0, 6, 4]:
        ordered[f"d{n}"] = np.arange(80, dtype="u1") + n


def elsewhere(file):
    """Data that are not in this file, or not in one place."""
    file.create_dataset("left_external", (100,), "f4", external=[("none.bin", 0, h5py.h5f.UNLIMITED)])
    layout = h5py.VirtualLayout((40,), "f4")
    layout[:] = h5py.VirtualSource("none.h5", "data", (40,))
    file.create_virtual_dataset("left_virtual", layout)
    file["here"] = floats(20)


def brief(file):
    """A little of each, for files that differ in other ways."""
    file.create_dataset("in/line", data=floats(150), maxshape=(None,), chunks=(50,), compression=3, shuffle=True)
    file.create_dataset("in/fixed", data=jets(40), chunks=(15,), fletcher32=True)
    file.create_dataset("tree_as_stored", data=floats(9, 9), maxshape=(None, None), chunks=(4, 4), compression=1)
    file["jets"] = jets(20)


class Particle(tables.IsDescription):
    name = tables.StringCol(8, pos=0)
    energy = tables.Float32Col(pos=1)
    momentum = tables.Float64Col(shape=(3,), pos=2)
    charged = tables.BoolCol(pos=3)

    class vertex(tables.IsDescription):
        x = tables.Float32Col(pos=0)
        barcode = tables.Int64Col(pos=1)


def pytables(path):
    # Fixed times: the files should come out the same again.
    with tables.open_file(path, "w") as file:
        filters = tables.Filters(complevel=5, complib="zlib", shuffle=True, fletcher32=True)
        for name, chosen in [("particles", filters), ("particles_plain", None)]:
            table = file.create_table("/", name, Particle, filters=chosen, expectedrows=50, chunkshape=16, track_times=False)
            for n in range(50):
                row = table.row
                row["name"], row["energy"], row["charged"] = f"p{n}", n * 0.25, n % 3 == 0
                row["momentum"], row["vertex/x"], row["vertex/barcode"] = (n, -n, 1 / (n + 1)), n * 1.5, 10000 + n
                row.append()
            table.flush()
        file.create_carray("/", "carray", obj=floats(40, 3), filters=filters, chunkshape=(16, 3), track_times=False)
        earray = file.create_earray("/", "earray", tables.Float32Atom((2,)), (0,), filters=filters,
                                    chunkshape=(16,), track_times=False)
        earray.append(floats(50, 2))
        vlarray = file.create_vlarray("/", "left_vlarray", tables.Int32Atom(), chunkshape=8, track_times=False)
        for n in range(8):
            vlarray.append(list(range(n)))
        file.create_array("/", "array", floats(30), track_times=False)


def create(path, version, user_block, small_nodes):
    """A new file; small nodes make deep trees of few entries, and a superblock of version 1."""
    creation, access = h5p.create(h5p.FILE_CREATE), h5p.create(h5p.FILE_ACCESS)
    creation.set_userblock(user_block)
    if version == "earliest" and small_nodes:
        library = hdf5_library()
        identity = ctypes.c_int64(creation.id)
        assert library.H5Pset_istore_k(identity, ctypes.c_uint(2)) >= 0
        assert library.H5Pset_sym_k(identity, ctypes.c_uint(2), ctypes.c_uint(2)) >= 0
    bounds = {"earliest": h5py.h5f.LIBVER_EARLIEST, "latest": h5py.h5f.LIBVER_LATEST, **{name.lower().removeprefix("libver_"): getattr(h5py.h5f, name) for name in dir(h5py.h5f) if "VER_V" in name}}
    access.set_libver_bounds(bounds[version], h5py.h5f.LIBVER_LATEST)
    return h5py.File(h5py.h5f.create(path.encode(), h5py.h5f.ACC_TRUNC, creation, access))


def large(folder):
    """Deeper structures than a repository should hold; the test reads this folder too if HEPZ_HDF5_LARGE names it."""
    def links(file):
        for n in range(20000):
            file[f"many/soft_{n:05}_{'x' * (n % 50)}"] = h5py.SoftLink("/nowhere")
        for n in range(300):
            file[f"many/data_{n:03}"] = np.arange(70, dtype="u1") + n % 100
        for n in range(1000):
            file[f"groups/{n % 7}/{n % 31}/{n}/d"] = np.arange(64, dtype="u1") * (n % 3)

    def deep(file):
        file.create_dataset("growing", data=np.arange(600000) % 251, dtype="u1", chunks=(2,), maxshape=(None,))
        file.create_dataset("growing_gzip", data=np.arange(200000) % 251, dtype="u1", chunks=(50,), maxshape=(None,),
                            compression=1)
        file.create_dataset("fixed", data=np.arange(100000) % 251, dtype="u1", chunks=(3,))
        file.create_dataset("tree_as_stored", data=floats(300, 300), chunks=(2, 2), maxshape=(None, None))
        file.create_dataset("tree_gzip_as_stored", data=floats(300, 300), chunks=(7, 3), maxshape=(None, None),
                            compression=1, shuffle=True)
        file.create_dataset("swizzled_as_stored", data=floats(11, 2000), chunks=(3, 7), maxshape=(11, None))
        file.create_dataset("swizzled_3d_as_stored", data=floats(5, 300, 7), chunks=(2, 3, 3), maxshape=(8, None, 9))

    def any_shape(file):
        for n in range(300):
            rank = int(RANDOM.integers(1, 4))
            shape = [int(RANDOM.integers(1, [3000, 130, 20][rank - 1])) for _ in range(rank)]
            chunk = [int(RANDOM.integers(1, length + 1)) for length in shape]
            if np.prod(shape) < 16:
                continue
            most = [[length, length + 7, None][int(RANDOM.integers(3))] for length in shape]
            data = floats(*shape)
            options = [{}, {"compression": 1}, {"shuffle": True, "compression": 1}, {"fletcher32": True}]
            name = f"d{n:03}" if is_logical(shape, chunk) else f"d{n:03}_as_stored"
            file.create_dataset(name, data=data, chunks=tuple(chunk), maxshape=tuple(most),
                                **options[int(RANDOM.integers(4))])

    for name, content in [("links", links), ("deep", deep), ("any_shape", any_shape)]:
        for version in ["earliest", "latest"]:
            path = os.path.join(folder, f"large_{name}_{version}.h5")
            with create(path, version, 0, small_nodes=False) as file:
                content(file)
            describe(path)


def is_logical(shape, chunk):
    """The reader's rule for whole datasets, said in another way: runs of records that are next to each other both in
    the dataset and in the chunk are long, and there are not too many of them."""
    typical = [min(c, s) for c, s in zip(chunk, shape)]
    inner_full = all(c == s for c, s in zip(chunk[1:], shape[1:]))
    if not inner_full and run_length(shape, chunk, typical) < 64:
        return False
    runs, chunks = 0, 0
    for first in itertools.product(*[range(0, s, c) for s, c in zip(shape, chunk)]):
        held = [min(c, s - f) for c, s, f in zip(chunk, shape, first)]
        runs += np.prod(held) // run_length(shape, chunk, held)
        chunks += 1
    return runs <= np.prod(shape) // 64 * 4 + chunks


def run_length(shape, chunk, held):
    run = 1
    for s, c, h in reversed(list(zip(shape, chunk, held))):
        run *= h
        if not s == c == h:
            break
    return run


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--large":
        return large(sys.argv[2])
    contents = {
        "types": types, "records": records_of_all_kinds, "chunked": chunked,
        "resizable": resizable, "groups": groups, "elsewhere": elsewhere,
    }
    jobs = [(name, version, 0, content) for name, content in contents.items() for version in ["earliest", "latest"]]
    jobs += [("many_chunks", "latest", 0, many_chunks)]
    jobs += [("growth", "latest", 0, growth), ("far", "latest", 0, far)]
    jobs += [("user_block_512", "earliest", 512, brief), ("user_block_2048", "latest", 2048, brief)]
    jobs += [("brief", version, 0, brief) for version in ["v18", "v114"]]
    for name, version, user_block, content in jobs:
        path = os.path.join(HERE, f"{name}_{version}.h5")
        with create(path, version, user_block, small_nodes=name != "types") as file:
            content(file)
        describe(path)
    path = os.path.join(HERE, "pytables.h5")
    pytables(path)
    describe(path)


if __name__ == "__main__":
    sys.exit(main())
