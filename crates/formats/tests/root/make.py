"""Makes the two ROOT files beside it with uproot: generated data, no experiment's.

They are golden inputs: made once, never again (uproot writes the time and an identifier into each).
"""

import awkward as ak
import numpy as np
import uproot

random = np.random.default_rng(2026)
EVENTS = 120

counts = random.poisson(3, EVENTS)
pt = ak.unflatten((20 + 30 * random.exponential(size=counts.sum())).astype("f4"), counts)
eta = ak.unflatten(random.normal(0, 1.5, counts.sum()).astype("f4"), counts)
hits = ak.unflatten(random.integers(0, 40, counts.sum()).astype("i4"), counts)

with uproot.recreate("tree.root", compression=uproot.ZLIB(4)) as file:
    tree = file.mktree(
        "Events",
        {"run": "i4", "met": "f4", "flags": "bool", "w": ("f8", (3,)), "Jet": ak.zip({"pt": pt, "eta": eta, "hits": hits}).type.content},
    )
    for first in (0, 60):
        rows = slice(first, first + 60)
        tree.extend(
            {
                "run": np.full(60, 362294, "i4"),
                "met": random.exponential(40, 60).astype("f4"),
                "flags": random.integers(0, 2, 60).astype(bool),
                "w": random.normal(1, 0.1, (60, 3)),
                "Jet": ak.zip({"pt": pt[rows], "eta": eta[rows], "hits": hits[rows]}),
            }
        )

with uproot.recreate("ntuple.root", compression=uproot.ZSTD(5)) as file:
    names = ak.Array([["muon", "electron"][: n % 3] for n in counts])
    ntuple = file.mkrntuple("Events", {"met": "f4", "pt": pt.type.content, "hits": hits.type.content, "names": names.type.content})
    for first in (0, 60):
        rows = slice(first, first + 60)
        ntuple.extend({"met": random.exponential(40, 60).astype("f4"), "pt": pt[rows], "hits": hits[rows], "names": names[rows]})
