"""Whether uproot, another reader of ROOT files, finds the values that `hepz cat --tree` gives.

In: the command hepz, a folder for what is written, ROOT files. Out: a line for each file; exit code 1 if a value differs, or a
file does not come back. Not here: what hepz keeps as bytes, and what uproot cannot read or reads as something else; these are counted.
"""

import collections
import filecmp
import json
import pathlib
import subprocess
import sys

import awkward as ak
import numpy as np
import uproot


# uproot takes these collections, which ROOT wrote member by member, for ones that were written object by object.
MISREAD = {"METAssoc_AnalysisMETAux.jetLink"}

# The last part of the name of a column of framing, which uproot passes over.
FRAMING = {"bytes", "version", "checksum", "item version", "items"}


def base(name):
    """A branch's name as hepz has it: without lengths of arrays."""
    return name.split("[")[0].rstrip(".")


def branches(tree):
    """Branches of a TTree by the names that hepz may give them; None where that is not the only one."""
    found = collections.defaultdict(list)
    for branch in tree.itervalues(recursive=True):
        if branch.num_baskets or branch.embedded_baskets:
            found[base(branch.name)].append(branch)
            # hepz puts the parent's name in front where names repeat.
            if isinstance(branch.parent, uproot.TBranch):
                found[base(branch.parent.name + "/" + branch.name)].append(branch)
    return found


class Tree:
    """What uproot reads of a TTree or an RNTuple."""

    def __init__(self, tree):
        self.tree = tree
        self.is_tree = isinstance(tree, uproot.TTree)
        self.branches = branches(tree) if self.is_tree else {}
        self.read = {}

    def array(self, key, branch):
        if key not in self.read:
            try:
                self.read[key] = branch.array(library="ak")
            except Exception as error:
                self.read[key] = error
        if isinstance(self.read[key], Exception):
            raise LookupError("uproot cannot read it") from self.read[key]
        return self.read[key]

    def find(self, name):
        """The array of a branch of hepz."""
        return self.find_branch(name) if self.is_tree else self.find_field(name)

    def find_branch(self, name):
        parts = name.split(".")
        if parts[-1].split("#")[0] in FRAMING:
            raise LookupError("framing")
        for cut in range(len(parts), 0, -1):
            found = self.branches.get(".".join(parts[:cut]), [])
            if ".".join(parts[:cut]) in MISREAD:
                raise LookupError("uproot misreads it")
            if len(found) > 1:
                raise LookupError("several branches of that name")
            if found:
                array = self.array(found[0].object_path, found[0])
                for member in parts[cut:]:
                    if member not in (ak.fields(array) or ()):
                        raise LookupError("a member that uproot has not")
                    array = array[member]
                return array
        raise LookupError("no branch of that name")

    def find_field(self, name):
        tops = [key for key in self.tree.keys(recursive=False) if name == key or name.startswith(key + ".")]
        if not tops:
            raise LookupError("no field of that name")
        top = max(tops, key=len)
        array = self.array(top, self.tree[top])
        for member in name[len(top) :].split(".")[1:]:
            if member in (ak.fields(array) or ()):
                array = array[member]
            elif member != "_0" and not member.startswith(":_"):
                raise LookupError("a member that uproot has not")
        return array


def same(mine, offsets, theirs):
    """True if an array of uproot has these items and lists; raises LookupError for another kind of thing."""
    if ak.fields(theirs) or "string" in str(ak.type(theirs)) or "union" in str(ak.type(theirs)):
        raise LookupError("uproot has objects or texts")
    for depth, begins in enumerate(offsets, 1):
        if theirs.ndim <= depth:
            raise LookupError("uproot has fewer lists")
        counts = ak.to_numpy(ak.flatten(ak.num(theirs, axis=depth), axis=None))
        if not np.array_equal(counts, np.diff(begins)):
            return False
    flat = ak.to_numpy(ak.flatten(theirs, axis=None))
    mine = mine.reshape(-1)
    if mine.dtype.kind != flat.dtype.kind and "f" in (mine.dtype.kind, flat.dtype.kind):
        raise LookupError("a number that is packed")
    if len(flat) != len(mine):
        return False
    flat = np.ascontiguousarray(flat.astype(mine.dtype))
    return flat.tobytes() == mine.tobytes()


def check(hepz, folder, path):
    """A line about one file, and whether all is well."""

    def run(*arguments):
        return subprocess.run([hepz, *map(str, arguments)], check=True, stdout=subprocess.PIPE).stdout

    archive, back, arrays = (folder / name for name in ("file.hepz", "file.back", "file.npz"))
    run("compress", "--quiet", "--force", "-o", archive, path)
    run("decompress", "--quiet", "--force", "-o", back, archive)
    well = filecmp.cmp(path, back, shallow=False)
    said = ["comes back" if well else "DOES NOT COME BACK"]
    agreed, differ, skipped = 0, [], collections.Counter()
    with uproot.open(path) as file:
        for tree in json.loads(run("list", "--json", archive))["trees"]:
            try:
                theirs = Tree(file[tree["name"]])
            except Exception:
                skipped["uproot has no such tree"] += len(tree["branches"])
                continue
            if theirs.tree.num_entries != tree["entries"]:
                differ.append(tree["name"])
                continue
            run("cat", "--force", "--tree", tree["name"], "--to", "npz", "-o", arrays, archive)
            with np.load(arrays) as mine:
                for branch in tree["branches"]:
                    name = branch["name"]
                    depth = branch["type"].count("vector<")
                    offsets = [mine[f"{name}.offsets{'' if d == 0 else d + 1}"] for d in range(depth)]
                    try:
                        if same(mine[name], offsets, theirs.find(name)):
                            agreed += 1
                        else:
                            differ.append(f"{tree['name']}:{name}")
                    except LookupError as why:
                        skipped[str(why)] += 1
    said.append(f"{agreed} branches agree")
    if differ:
        said.append(f"{len(differ)} DIFFER ({', '.join(differ[:8])})")
    said += [f"{count} not compared ({why})" for why, count in sorted(skipped.items())]
    return f"{path.name}: {', '.join(said)}", well and not differ and agreed > 0


def main():
    hepz, folder, *paths = sys.argv[1:]
    well = True
    for path in paths:
        line, fine = check(hepz, pathlib.Path(folder), pathlib.Path(path))
        print("   " + line, flush=True)
        well &= fine
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
