"""hepz beside other lossy compressors, at the same error of the mass of two photons.

usage: precision_rivals.py HEPZ FOLDER HIGGS.npy
  HEPZ       the command
  FOLDER     where rounded files and archives go
  HIGGS.npy  generated decays (cargo xtask higgs): pt1, eta1, phi1, pt2, eta2, phi2, float32

Every method runs at several settings; bytes are compared at the same root mean square error of the mass, by straight lines in
the logarithm of the error between neighbouring settings. Bytes are all bytes of the result. Methods with an absolute bound get for each
column the bound that costs them least for a given error of the mass (in inverse proportion to the mean sensitivity of the mass
to the column). Layouts: columns one after the other, and rows, whichever is smaller. One thread. What lossy compressors
make is decoded and measured; hepz reads its archives back itself.
"""

import json
import lzma
import subprocess
import sys
import time

import numpy as np

COLUMNS = ["pt1", "eta1", "phi1", "pt2", "eta2", "phi2"]
MASS = "m_gg = mass(pt1,eta1,phi1, pt2,eta2,phi2)"
missing = []


def package(name):
    """A package, or None, which is printed at the end."""
    try:
        return __import__(name)
    except ImportError:
        missing.append(name)
        return None


def mass(columns):
    pt1, eta1, phi1, pt2, eta2, phi2 = [column.astype(np.float64) for column in columns]
    return np.sqrt(4 * pt1 * pt2 * (np.sinh((eta1 - eta2) / 2) ** 2 + np.sin((phi1 - phi2) / 2) ** 2))


def nearest(column, kept):
    """k mantissa bits, ties to even. (The last half cell below infinity does not occur here.)"""
    bits, drop = column.view(np.uint32), 23 - kept
    odd = (bits >> np.uint32(drop)) & np.uint32(1)
    bits = bits + odd + np.uint32((1 << (drop - 1)) - 1)
    return (bits >> np.uint32(drop) << np.uint32(drop)).view(np.float32)


def stepped(column, step):
    """Multiples of a power of two, as an absolute contract has them."""
    return (np.rint(column.astype(np.float64) / step) * step).astype(np.float32)


def cut(column, kept):
    drop = 23 - kept
    return (column.view(np.uint32) >> np.uint32(drop) << np.uint32(drop)).view(np.float32)


def rows_of(columns):
    return np.rec.fromarrays(columns, names=COLUMNS)


def layouts(columns):
    return {"columns": b"".join(column.tobytes() for column in columns), "rows": rows_of(columns).tobytes()}


def zstd19(columns):
    def one(data):
        return len(subprocess.run(["zstd", "-19", "-c", "-q", "-T1"], input=data, capture_output=True, check=True).stdout)

    return min(one(data) for data in layouts(columns).values())


def xz9(columns):
    return min(len(lzma.compress(data, preset=9)) for data in layouts(columns).values())


def hepz_bytes(columns):
    """The archive of the rounded .npy file, decoded and compared."""
    npy, archive = f"{folder}/rounded.npy", f"{folder}/rounded.hepz"
    np.save(npy, np.asarray(rows_of(columns)))
    subprocess.run([hepz, "compress", "-q", "-f", "-T", "1", "-o", archive, npy], check=True)
    with open(archive, "rb") as file:
        return len(file.read())


def shuffled(blosc2, columns):
    """Bytes grouped, then zstd at its highest level in Blosc2."""
    options = dict(typesize=4, clevel=9, nthreads=1, codec=blosc2.Codec.ZSTD)
    filters = [blosc2.Filter.SHUFFLE, blosc2.Filter.BITSHUFFLE]
    return min(
        sum(len(blosc2.compress2(np.ascontiguousarray(c), filters=[f], filters_meta=[0], **options)) for c in columns)
        for f in filters
    )


class Method:
    """A way to store columns, at several settings: what comes back and how many bytes it took."""

    def __init__(self, name, settings, store):
        self.name, self.settings, self.store = name, settings, store


def methods_to_compare(sensitivity):
    """All methods. sensitivity: root mean square of the derivative of the mass by each column."""
    bound = [1 / s for s in sensitivity]
    methods = []

    # Rounded first, then any lossless compressor.
    def rounded(kept):
        return [nearest(column, kept) for column in original]

    for name, size in [("nearest + zstd -19", zstd19), ("nearest + xz -9", xz9), ("nearest + hepz", hepz_bytes)]:
        methods.append(Method(name, [("k = %d" % k, k) for k in (8, 10)], lambda k, size=size: (rounded(k), size(rounded(k)))))

    def budgeted(width):
        rules = f"{folder}/rules.toml"
        said = subprocess.run(
            [hepz, "budget", higgs, "--observable", MASS, "--bias", "0.01", "--width", repr(width), "-o", rules, "-f", "-q", "--json"],
            check=True, capture_output=True, text=True).stdout
        contracts = {column["name"]: column["contract"] for column in json.loads(said)["columns"]}
        stored = []
        for name, column in zip(COLUMNS, original):
            words = contracts[name].split()
            # "8 mantissa bits, nearest", or "within 7.8125e-3"
            stored.append(stepped(column, 2 * float(words[1])) if words[0] == "within" else nearest(column, int(words[0])))
        return stored

    widths = [("width %g" % w, w) for w in (0.0025, 0.0012, 0.00016, 0.00008)]
    methods.append(Method("budget + hepz", widths, lambda w: (lambda s: (s, hepz_bytes(s)))(budgeted(w))))

    methods.append(Method("cut + zstd -19", [("k = %d" % k, k) for k in (9, 10, 12)],
                          lambda k: (lambda s: (s, zstd19(s)))([cut(c, k) for c in original])))

    blosc2 = package("blosc2")
    if blosc2:
        def trunc(k):
            options = dict(typesize=4, clevel=9, nthreads=1, codec=blosc2.Codec.ZSTD)
            best, stored = None, None
            for last in (blosc2.Filter.SHUFFLE, blosc2.Filter.BITSHUFFLE):
                packed = [blosc2.compress2(np.ascontiguousarray(c), filters=[blosc2.Filter.TRUNC_PREC, last],
                                           filters_meta=[k, 0], **options) for c in original]
                if best is None or sum(map(len, packed)) < best:
                    best = sum(map(len, packed))
                    stored = [np.frombuffer(blosc2.decompress2(p), dtype=np.float32) for p in packed]
            return stored, best

        methods.append(Method(f"Blosc2 {blosc2.__version__} trunc_prec, zstd 9", [("k = %d" % k, k) for k in (8, 9, 10, 11, 12)], trunc))
        methods.append(Method("nearest + Blosc2 zstd 9", [("k = %d" % k, k) for k in (8, 10)],
                              lambda k: (rounded(k), shuffled(blosc2, rounded(k)))))

    powers = [("2^%d" % p, 2.0**p) for p in range(-7, 0)]

    zfpy = package("zfpy")
    if zfpy:
        def zfp(scale, **how):
            packed = [zfpy.compress_numpy(np.ascontiguousarray(c), write_header=True, **{k: v(b * scale) for k, v in how.items()})
                      for c, b in zip(original, bound)]
            return [zfpy.decompress_numpy(p) for p in packed], sum(map(len, packed))

        methods.append(Method("zfp fixed accuracy", powers[2:], lambda s: zfp(s, tolerance=float)))
        methods.append(Method("zfp fixed precision", [("%d bits" % p, p) for p in (12, 13, 14, 15)],
                              lambda p: zfp(1, precision=lambda _: p)))

    pysz = package("pysz")
    if pysz:
        def sz3(scale):
            total, stored = 0, []
            for column, b in zip(original, bound):
                best = None
                for algorithm in (pysz.szAlgorithm.INTERP_LORENZO, pysz.szAlgorithm.LORENZO_REG, pysz.szAlgorithm.NOPRED):
                    config = pysz.szConfig(column.shape)
                    config.errorBoundMode = pysz.szErrorBoundMode.ABS
                    config.absErrorBound = b * scale
                    config.cmprAlgo = algorithm
                    packed, _ = pysz.sz.compress(np.ascontiguousarray(column), config)
                    if best is None or packed.nbytes < best.nbytes:
                        best = packed
                back, _ = pysz.sz.decompress(best, np.float32, column.shape)
                total += best.nbytes
                stored.append(back)
            return stored, total

        methods.append(Method("SZ3 absolute", powers[:5], sz3))
    return methods


def sensitivities():
    """Root mean square of the derivative of the mass by each column, by differences."""
    columns = [column.astype(np.float64) for column in original]
    found = []
    for at, column in enumerate(columns):
        step = 1e-5 * np.abs(column).mean()
        moved = [mass(columns[:at] + [column + sign * step] + columns[at + 1:]) for sign in (1, -1)]
        found.append(float(np.sqrt(np.mean(((moved[0] - moved[1]) / (2 * step)) ** 2))))
    return found


def measured(before, stored):
    """Shift and width growth with errors, rms and largest error: MeV and per cent."""
    after = mass(stored)
    d, u = after - before, before - before.mean()
    n, variance = len(d), (u * u).mean()
    ratio = (2 * (u * (d - d.mean())).mean() + d.var()) / variance
    z = (2 * u * (d - d.mean()) + (d - d.mean()) ** 2 - ratio * u * u) / variance
    return {
        "shift": 1e3 * d.mean(), "shift_error": 1e3 * d.std() / n**0.5,
        "growth": 100 * ((1 + ratio) ** 0.5 - 1), "growth_error": 100 * z.std() / n**0.5 / 2,
        "rms": 1e3 * float(np.sqrt((d * d).mean())), "largest": 1e3 * float(np.abs(d).max()),
    }


def at_rms(points, rms):
    """Bytes, shift and growth at an error between those of two settings; None outside."""
    points = sorted(points, key=lambda p: p["rms"])
    for a, b in zip(points, points[1:]):
        if a["rms"] <= rms * 1.000001 and rms <= b["rms"] * 1.000001:
            t = (np.log(rms) - np.log(a["rms"])) / (np.log(b["rms"]) - np.log(a["rms"]))
            return {key: a[key] + t * (b[key] - a[key]) for key in ("bytes", "shift", "growth", "largest")}
    return None


hepz, folder, higgs = sys.argv[1:4]
table = np.load(higgs)
original = [np.ascontiguousarray(table[name]) for name in COLUMNS]
values = sum(column.size for column in original)
before = mass(original)
print(f"{table.size} generated decays, {values} float32 values; mass {before.mean():.3f} GeV, width {before.std():.4f} GeV\n")
print("| method | setting | bytes per value | rms, MeV | largest, MeV | shift of the mean, MeV | width, % | s |")
print("|---|---|---|---|---|---|---|---|", flush=True)
points = {}
for method in methods_to_compare(sensitivities()):
    for label, setting in method.settings:
        start = time.time()
        stored, size = method.store(setting)
        point = measured(before, stored) | {"bytes": size / values}
        points.setdefault(method.name, []).append(point)
        print("| {} | {} | {:.4f} | {:.2f} | {:.1f} | {:+.2f} ± {:.2f} | {:+.4f} ± {:.4f} | {:.0f} |".format(
            method.name, label, point["bytes"], point["rms"], point["largest"], point["shift"], point["shift_error"],
            point["growth"], point["growth_error"], time.time() - start), flush=True)

for kept in (8, 10):
    target = measured(before, [nearest(column, kept) for column in original])["rms"]
    print(f"\nAt the error of {kept} bits, nearest: {target:.1f} MeV\n")
    print("| method | bytes per value | against nearest + hepz | shift of the mean, MeV | width, % | largest, MeV |")
    print("|---|---|---|---|---|---|")
    own = at_rms(points["nearest + hepz"], target)
    found = [(name, at_rms(of, target)) for name, of in points.items()]
    for name, point in sorted(found, key=lambda row: row[1]["bytes"] if row[1] else 99):
        if point:
            print("| {} | {:.3f} | {:+.1f} % | {:+.2f} | {:+.4f} | {:.0f} |".format(
                name, point["bytes"], 100 * (point["bytes"] / own["bytes"] - 1), point["shift"], point["growth"], point["largest"]))
        else:
            print(f"| {name} | not among the settings | | | | |")
if missing:
    print(f"\nmissing, and not compared: {', '.join(missing)} (pip install {' '.join(missing)})")
