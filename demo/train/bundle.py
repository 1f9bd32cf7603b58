"""What is handed over for a model: model.onnx, manifest.json and golden.json."""

import datetime as dt
import hashlib
import json

import numpy as np

from onnxgraph import Graph, Interpreter
from pairs import NEGATIVES, TRAIN_WEEKS, VALIDATION_WEEKS
from shopdata import DAY, T, UTC

TOLERANCE = 1e-5


def day(seconds):
    return dt.datetime.fromtimestamp(seconds, UTC).date().isoformat()


class Bundle:
    def __init__(self, name, shop, inputs, model):
        self.name, self.inputs, self.model = name, inputs, model
        self.unknown = len(shop.items_at_t)
        self.users, self.items = inputs.fill(shop.users_at_t.astype(np.float32)), shop.items_at_t.astype(np.float32)
        self.version = f"{day(T)}.1"

    def signature(self):
        """The manifest's inputs. Only user features have defaults: a new user has no row, an item in the catalogue does."""
        user = [{"name": name, "default": float(default.astype(str))}
                for name, default in zip(self.inputs.user_names, self.inputs.defaults)]
        items = [{"name": name} for name in self.inputs.item_names]
        if self.name == "gbdt":
            return [{"name": "features", "dtype": "float32", "shape": ["N", len(user) + len(items)], "features": user + items}]
        parts = [{"name": "user", "dtype": "float32", "shape": [1, len(user)], "features": user},
                 {"name": "items", "dtype": "float32", "shape": ["N", len(items)], "features": items}]
        if self.name == "dcn":
            parts.append({"name": "item_index", "dtype": "int64", "shape": ["N"],
                          "features": [{"name": "item_index", "default": self.unknown}],
                          "meaning": f"position of the item in items.csv; {self.unknown} = unknown item"})
        return parts

    def feeds(self, user, items, index):
        """The graph's inputs for one user's filled row and some items' rows."""
        if self.name == "gbdt":
            return {"features": np.concatenate([np.repeat(user[None], len(items), 0), items], 1)}
        feeds = {"user": user[None], "items": items}
        return feeds | {"item_index": index.astype(np.int64)} if self.name == "dcn" else feeds

    def write(self, folder, metrics, baseline):
        folder.mkdir(parents=True, exist_ok=True)
        graph, shape = Graph(self.name), ["N"] if self.name == "mlp" else ["N", 1]
        self.model.graph(graph)
        opset = graph.save(folder / "model.onnx", self.signature(), shape)
        manifest = {
            "name": self.name, "version": self.version, "file": "model.onnx",
            "sha256": hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest(), "opset": opset,
            "trained_at": f"{day(T)}T00:00:00Z",
            "data": {"train_labels": [day(TRAIN_WEEKS.start), day(TRAIN_WEEKS.stop)],
                     "validation_labels": [day(VALIDATION_WEEKS.start), day(VALIDATION_WEEKS.stop)]},
            "inputs": self.signature(),
            "output": {"name": "score", "dtype": "float32", "shape": shape,
                       "meaning": f"P(user buys item in the next 7 days) against {NEGATIVES} uniformly drawn items per purchase",
                       "scale": [0, 1], "calibration": "orders items; the true base rate is far lower"},
            "metrics": metrics, "baseline": baseline}
        dump(folder / "manifest.json", manifest)
        golden = self.golden(folder / "model.onnx")
        dump(folder / "golden.json", golden)
        size = sum(file.stat().st_size for file in folder.iterdir()) / 1024
        print(f"  {folder.name}: {size:.0f} KiB, saved graph and training code differ by "
              f"{golden['max_abs_diff']['training_code']:.1e} at most")

    def golden(self, path):
        single, double = Interpreter(path), Interpreter(path, np.float64)
        cases, worst = [], {"float64_interpreter": 0.0, "training_code": 0.0}
        for name, user, picked, index in self.cases():
            items, feeds = self.items[picked], self.feeds(user, self.items[picked], index)
            score = single.run(feeds)
            trained = self.model.score(np.repeat(user[None], len(items), 0), items, index)
            for key, other in (("float64_interpreter", double.run(feeds)), ("training_code", trained)):
                worst[key] = max(worst[key], float(np.abs(score.ravel() - other.ravel()).max()))
            cases.append({"name": name, "n": len(items), "inputs": {key: tensor(value) for key, value in feeds.items()},
                          "outputs": {"score": tensor(score)}})
        if max(worst.values()) > TOLERANCE:
            raise SystemExit(f"{path}: the saved graph differs: {worst}")
        return {"model": self.name, "version": self.version, "tolerance_abs": TOLERANCE, "max_abs_diff": worst, "cases": cases,
                "evaluator": "numpy interpreter of the saved graph (float32), independent of the training code"}

    def cases(self):
        rng = np.random.default_rng(5)
        lines = self.users[:, self.inputs.user_names.index("u_lines_total")]
        popular = np.argsort(-self.items[:, self.inputs.item_names.index("i_buyers_28d")], kind="stable")
        regular = np.flatnonzero((lines > 20) & (lines < 40))
        drawn = rng.choice(self.unknown, 50, replace=False)
        rows = [("regular user, one item", self.users[regular[0]], popular[:1]),
                ("most active user, 7 popular items", self.users[lines.argmax()], popular[:7]),
                ("user without a row, 20 popular items", self.inputs.defaults, popular[:20]),
                ("regular user, 33 least popular items", self.users[regular[1]], popular[-33:]),
                ("user without a purchase, 50 drawn items", self.users[lines.argmin()], drawn),
                ("regular user, 200 popular items", self.users[regular[2]], popular[:200])]
        for n, (name, user, picked) in enumerate(rows):
            index = picked.copy()
            index[::7] = index[::7] if n % 2 == 0 else self.unknown
            yield name, user, picked, index


def tensor(values):
    data = values.astype(object)
    if values.dtype == np.float32:  # the shortest text that reads back as the same float32
        data = np.array([float(str(value)) for value in values.ravel()], object).reshape(values.shape)
    return {"shape": list(values.shape), "data": data.tolist()}


def dump(path, value):
    path.write_text(json.dumps(value, separators=(",", ":")) + "\n")
