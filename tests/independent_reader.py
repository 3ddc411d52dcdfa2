"""A reader of frozen benchmarks written from docs/format.md alone: nothing of nasforge is used.

    >>> reader = Reader("export/darts-digits-v1", "forest")
    >>> reader.query("normal:...-reduce:...")       # {"val_accuracy": 0.92, ...}

It is slow and checks little: what it is for is to show that the page says enough.
"""

import hashlib
import io
import json
import math
import re
import zipfile
from itertools import combinations, permutations, product
from pathlib import Path
from statistics import NormalDist

import numpy as np

OPERATIONS = (
    *("max_pool_3x3", "avg_pool_3x3", "skip_connect"),
    *("sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5"),
)
SETS = {
    **{name: {index} for index, name in enumerate(OPERATIONS)},
    **{"pools": {0, 1}, "parameter_free": {0, 1, 2}, "sep_convs": {3, 4}, "dil_convs": {5, 6}},
    **{"convs_3x3": {3, 5}, "convs_5x5": {4, 6}, "convs": {3, 4, 5, 6}},
    **{"convs_and_skip": {2, 3, 4, 5, 6}, "all": {0, 1, 2, 3, 4, 5, 6}},
}
REFERENCE = {"cells": 8, "channels": 16, "image_size": 32, "classes": 10, "auxiliary_head": False}
KINDS = ("normal", "reduce")
MASK = 2**64 - 1

# A cell is 4 nodes of 2 edges (operation index, input); the first node has number 2.


def parse(text):
    cells = re.fullmatch(r"normal:(.*)-reduce:(.*)", text).groups()
    pairs = [[node.split("+") for node in cell.split("/")] for cell in cells]
    edges = [[[edge.split("@") for edge in pair] for pair in cell] for cell in pairs]
    return [[[(OPERATIONS.index(o), int(s)) for o, s in n] for n in cell] for cell in edges]


def canonical_cell(cell):
    forms = []
    for order in permutations(range(4)):  # order[new] is the old number of a node
        new = {0: 0, 1: 1, **{old + 2: position + 2 for position, old in enumerate(order)}}
        nodes = [
            sorted(((o, new[s]) for o, s in cell[old]), key=lambda edge: edge[1]) for old in order
        ]
        if all(s < node + 2 for node, pair in enumerate(nodes) for _, s in pair):
            edges = [edge for pair in nodes for edge in pair]
            forms.append(([s for _, s in edges], [o for o, _ in edges], nodes))
    return min(forms)[2]


def canonical(text):
    return [canonical_cell(cell) for cell in parse(text)]


def text_of(cells):
    texts = ["/".join("+".join(f"{OPERATIONS[o]}@{s}" for o, s in n) for n in c) for c in cells]
    return f"normal:{texts[0]}-reduce:{texts[1]}"


def architecture_id(cells):
    return hashlib.sha256(f"darts|1|{text_of(cells)}".encode()).hexdigest()[:16]


def pairs_of(node):
    return list(combinations(range(node + 2), 2))


def variables():
    for kind in KINDS:
        yield from ((f"{kind}_node{n + 2}_operation_{e}", 7) for n in range(4) for e in "ab")
        yield from ((f"{kind}_node{n + 2}_inputs", len(pairs_of(n))) for n in (1, 2, 3))


def from_vector(vector):
    cells = []
    for part in (vector[:11], vector[11:]):
        inputs = [pairs_of(n)[pair] for n, pair in enumerate([0, *part[8:]])]
        cells.append([[(part[2 * n], a), (part[2 * n + 1], b)] for n, (a, b) in enumerate(inputs)])
    return cells


def splitmix64(s):
    s = (s + 0x9E3779B97F4A7C15) & MASK
    s = ((s ^ (s >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    s = ((s ^ (s >> 27)) * 0x94D049BB133111EB) & MASK
    return s ^ (s >> 31)


def vector_of(cells):
    vector = []
    for cell in cells:
        inputs = [tuple(s for _, s in pair) for pair in cell]
        vector += [o for pair in cell for o, _ in pair]
        vector += [pairs_of(n).index(inputs[n]) for n in (1, 2, 3)]
    return vector


def one_hot(cells):
    choices = zip(vector_of(cells), variables(), strict=True)
    return [float(i == choice) for choice, (_, number) in choices for i in range(number)]


def paths_from(cell, source):
    """Sequences of operations from an input to the output, as often as they occur."""
    reached = {source: [()]}
    for node, pair in enumerate(cell):
        reached[node + 2] = [(*path, o) for o, s in pair for path in reached.get(s, [])]
    return [path for node in range(2, 6) for path in reached[node]]


def graph_features(cells):
    row = []
    for cell, allowed in product(cells, SETS.values()):
        sources = [s for pair in cell for o, s in pair if o in allowed]
        row += [sources.count(0), sources.count(1), len(sources)]
        paths = [paths_from(cell, source) for source in (0, 1)]
        inside = [[p for p in some if set(p) <= allowed] for some in paths]
        row += [len(some) for some in inside]
        row += [max(map(len, some), default=0) for some in inside]
        row += [max((sum(o in allowed for o in p) for p in some), default=0) for some in paths]
    return row + [math.log(cost) for cost in costs(cells, REFERENCE)]


def path_row(cells):
    row = []
    for cell, source in product(cells, (0, 1)):
        present = set(paths_from(cell, source))
        row += [s in present for length in (1, 2, 3, 4) for s in product(range(7), repeat=length)]
    return row


def graph_row(cells):
    edges = []
    for k, cell in enumerate(cells):
        for node, pair in enumerate(cell):
            edges += [(7 * k + s, 7 * k + node + 2, 7 * k + o) for o, s in pair]
        edges += [(7 * k + node, 7 * k + 6, 14) for node in range(2, 6)]
    return [value for edge in edges for value in edge]


ENCODINGS = {
    "one_hot": one_hot,
    "graph_features": graph_features,
    "features": lambda cells: one_hot(cells) + graph_features(cells),
    "paths": path_row,
    "graph": graph_row,
}


def names(encoding):
    if encoding == "one_hot":
        return [f"{name}={choice}" for name, number in variables() for choice in range(number)]
    if encoding == "graph_features":
        from_two = [f"{kind}_from{s}" for kind in ("paths", "longest", "most") for s in (0, 1)]
        nine = ["edges_from0", "edges_from1", "edges", *from_two]
        return [f"{c}_{s}_{n}" for c in KINDS for s in SETS for n in nine] + [
            *("log_params", "log_macs")
        ]
    if encoding == "features":
        return names("one_hot") + names("graph_features")
    if encoding == "paths":
        sequences = ["+".join(s) for k in (1, 2, 3, 4) for s in product(OPERATIONS, repeat=k)]
        return [
            f"{kind}_input{source}:{s}" for kind in KINDS for source in (0, 1) for s in sequences
        ]
    return [f"edge{e}_{part}" for e in range(24) for part in ("source", "target", "operation")]


def costs(cells, shape):
    """Parameters and multiply-adds."""
    total = np.zeros(2, dtype=object)  # Python's integers

    def depthwise(k, c, s):
        return np.array([k * k * c, k * k * c * s * s], dtype=object)

    def convolution(k, a, b, s):
        return np.array([k * k * a * b + 2 * b, k * k * a * b * s * s], dtype=object)

    s, c, classes = shape["image_size"], shape["channels"], shape["classes"]
    total += convolution(3, 3, 3 * c, s)
    before = [3 * c, 3 * c]
    for position in range(shape["cells"]):
        reduction = position in (shape["cells"] // 3, 2 * shape["cells"] // 3)
        c *= 2 if reduction else 1
        total += convolution(1, before[0], c, s) + convolution(1, before[1], c, s)
        s //= 2 if reduction else 1
        for operation, source in (edge for pair in cells[reduction] for edge in pair):
            name = OPERATIONS[operation]
            if name == "skip_connect" and reduction and source < 2:
                total += convolution(1, c, c, s)
            elif "conv" in name:
                block = depthwise(int(name[-1]), c, s) + convolution(1, c, c, s)
                total += block * (2 if name.startswith("sep") else 1)
        before = [before[1], 4 * c]
    a = before[1]
    total += np.array([(a + 1) * classes, a * classes], dtype=object)
    if shape["auxiliary_head"]:
        heads = convolution(1, a, 128, 0) + convolution(2, 128, 768, 0)
        total[0] += heads[0] + 769 * classes
    return [int(value) for value in total]


def relu(x):
    return np.maximum(x, 0)


def linear(a, row):
    return row @ a["weights"].T + a["bias"]


def forest(a, row):
    leaves = []
    for node in a["root"]:
        while a["left"][node] != node:
            right = row[a["feature"][node]] > a["threshold"][node]
            node = a["right" if right else "left"][node]
        leaves.append(a["value"][node])
    return np.add(list(map(sum, split(leaves, a["first_tree"]))), a["base"])


def kernel(a, row):
    answers = []
    duals = split(a["dual"], a["first_row"])
    for m, rows in enumerate(split(a["rows"], a["first_row"])):
        d = np.linalg.norm((row - rows) * a["scale"][m], axis=1)
        r = math.sqrt(5) * d
        values = (1 + r + r**2 / 3) * np.exp(-r) if a["kernel"][m] else np.exp(-(d**2) / 2)
        answers.append(a["bias"][m] + duals[m] @ values)
    return answers


def split(values, first):
    return np.split(np.asarray(values), first[1:])


def gin(a, row):
    edges = row.astype(int).reshape(-1, 3)
    answers = []
    for m in range(len(a["output_biases"])):
        x = a["node_embeddings"][m][a["node_types"]]
        for layer, self_weight in enumerate(a["self_weights"][m]):
            t = self_weight * x
            along, against = a["operation_embeddings"][m, layer]
            for source, target, operation in edges[edges[:, 2] != -1]:
                t[target] += relu(x[source] + along[operation])
                t[source] += relu(x[target] + against[operation])
            (w1, w2), (b1, b2) = a["layer_weights"][m, layer], a["layer_biases"][m, layer]
            x = x + relu(t @ w1 + b1) @ w2 + b2
        hidden = a["readout_biases"][m].copy()
        for node, kind in enumerate(a["node_types"]):
            hidden += x[node] @ a["readout_weights"][m, kind]
        answers.append(relu(hidden) @ a["output_weights"][m] + a["output_biases"][m])
    return answers


def mlp(a, row):
    answers = []
    for m in range(len(a["output_biases"])):
        x = relu(row[a["columns"]] @ a["input_weights"][m] + a["input_biases"][m])
        for layer, weights in enumerate(a["layer_weights"][m]):
            x = relu(x @ weights + a["layer_biases"][m, layer])
        answers.append(x @ a["output_weights"][m] + a["output_biases"][m])
    return answers


PREDICTORS = {"linear": linear, "forest": forest, "kernel": kernel, "gin": gin, "mlp": mlp}
BACK = {"identity": lambda x: x, "log": np.exp, "log_error": lambda x: 1 - np.exp(x)}


class Reader:
    """One surrogate of a benchmark."""

    def __init__(self, path, surrogate=None):
        self.path = Path(path)
        self.manifest = json.loads(self.bytes_of("manifest.json"))
        assert self.manifest["format"] == "nasforge-benchmark"
        assert self.manifest["format_version"] == 1
        assert self.manifest["space"]["fingerprint"] == space_fingerprint()
        for encoding, fingerprint in self.manifest["encodings"].items():
            assert fingerprint == encoding_fingerprint(encoding)
        self.surrogate = surrogate or self.manifest["selected"]
        self.models = self.manifest["surrogates"][self.surrogate]["targets"]

    def bytes_of(self, name):
        if self.path.suffix != ".zip":
            return (self.path / name).read_bytes()
        with zipfile.ZipFile(self.path) as archive:
            [full] = [n for n in archive.namelist() if n.rpartition("/")[2] == name]
            return archive.read(full)

    def arrays(self, name):
        content, expected = self.bytes_of(name), self.manifest["files"][name]
        assert len(content) == expected["bytes"]
        assert hashlib.sha256(content).hexdigest() == expected["sha256"]
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return {key: a.astype(float) if a.dtype.kind == "f" else a for key, a in arrays.items()}

    def members(self, part, cells):
        row = np.array(ENCODINGS[part["encoding"]](cells), np.float32).astype(float)
        answer = PREDICTORS[part["kind"]](self.arrays(part["file"]), row)
        return BACK[part["link"]](np.array(answer))

    def model(self, target, cells):
        """Members on the target's scale."""
        parts = self.models[target]["parts"]
        return sum(part["weight"] * self.members(part, cells) for part in parts)

    def query(self, text, seed=None):
        cells = canonical(text)
        answer = {}
        for target, entry in self.manifest["targets"].items():
            members = self.model(target, cells)
            value, noise = members.mean(), entry["noise"]
            std = noise and math.exp((noise["log_variance"] + noise["slope"] * value) / 2)
            if target == "val_accuracy":
                scale = self.models[target]["epistemic_scale"]
                answer["noise_std"] = std
                answer["epistemic_std"] = scale and math.sqrt(scale * members.var(ddof=1))
            if seed is not None and noise is None:
                continue
            if seed is not None:
                value += std * self.z(cells, target, seed)
            value = BACK[entry["scale"]](value)
            answer[target] = min(max(value, 0), 1) if entry["unit"] == "fraction" else value
        if self.manifest["network"]:
            answer["params"], answer["macs"] = costs(cells, self.manifest["network"])
        return answer

    def z(self, cells, target, seed):
        key = int.from_bytes(hashlib.sha256(target.encode()).digest()[:8], "little")
        state = self.manifest["noise_key"]
        for word in (int(architecture_id(cells), 16), key, seed):
            state = splitmix64(state ^ word)
        return NormalDist().inv_cdf(((state >> 11) + 0.5) / 2**53)

    def curve(self, text):
        cells, curve = canonical(text), self.manifest["curve"]
        basis = self.arrays(curve["basis"])
        c = np.array([self.members(part, cells).mean() for part in curve["parts"]])
        last = self.model("val_accuracy", cells).mean()
        return np.clip([*(last + basis["mean"] + c @ basis["components"]), last], 0, 1)

    def support(self, text):
        a, vector = self.arrays("support.npz"), vector_of(canonical(text))
        nearest = (a["vectors"] != vector).sum(axis=1).min()
        return (a["nearest"] >= nearest).mean()


def golden():
    choices = [number for _, number in variables()]
    vectors = [[splitmix64((i << 32) + p) % n for p, n in enumerate(choices)] for i in range(16)]
    return [canonical(text_of(from_vector(vector))) for vector in vectors]


def space_fingerprint():
    content = {
        "ids": [architecture_id(cells) for cells in golden()],
        **{"name": "darts", "variables": list(variables()), "version": 1},
    }
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


def encoding_fingerprint(encoding):
    rows = np.array([ENCODINGS[encoding](cells) for cells in golden()], dtype="<f4")
    text = "\n".join(names(encoding)).encode()
    return hashlib.sha256(text + rows.tobytes()).hexdigest()
