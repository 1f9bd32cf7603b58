"""Boosted trees: trained by scikit-learn, written out as a TreeEnsembleRegressor."""

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

STEP = 1e-4  # features are written with four decimals, and so are their sums and differences


class Trees:
    """Input rows are the raw features and the crosses, in one table."""

    def __init__(self, inputs, seed, trees=150, leaves=31):
        self.inputs = inputs
        self.fit_options = dict(max_iter=trees, max_leaf_nodes=leaves, learning_rate=0.12, min_samples_leaf=60,
                                early_stopping=False, random_state=seed, l2_regularization=1.0)

    def table(self, users, items):
        crosses = self.inputs.raw_crosses(users, items)
        return np.concatenate([users, items, crosses[:, [0]], crosses[:, -3:]], 1)

    def fit(self, pairs, sample, rng):
        self.model = HistGradientBoostingClassifier(**self.fit_options)
        self.model.fit(self.table(*self.inputs.training_rows(pairs, sample, rng)), pairs.label[sample])
        self.base = np.float32(self.model._baseline_prediction.item())
        self.trees = [self._tree(predictors[0].nodes) for predictors in self.model._predictors]

    def score(self, users, items, _):
        return self.model.predict_proba(self.table(users, items))[:, 1]

    def _tree(self, nodes):
        """Thresholds are moved between two steps of the features: sums made in another order fall on the same side."""
        raw = len(self.inputs.user_names) + len(self.inputs.item_names)
        between = (np.floor(nodes["num_threshold"] / STEP) + 0.5) * STEP
        threshold = np.where(nodes["feature_idx"] >= raw, between, nodes["num_threshold"])
        rounded = threshold.astype(np.float32)
        down = np.where(rounded > threshold, np.nextafter(rounded, np.float32(-np.inf)), rounded)
        return nodes["is_leaf"].astype(bool), nodes["feature_idx"], down, nodes["left"], nodes["right"], nodes["value"].astype(np.float32)

    def attributes(self):
        """The attributes of the operator; node 0 is a tree's root."""
        out = {key: [] for key in ("treeids", "nodeids", "featureids", "modes", "values", "truenodeids", "falsenodeids")}
        target = {key: [] for key in ("treeids", "nodeids", "ids", "weights")}
        for tree, (leaf, feature, threshold, left, right, value) in enumerate(self.trees):
            for node in range(len(leaf)):
                row = (tree, node, *((0, b"LEAF", 0.0, 0, 0) if leaf[node] else
                                     (int(feature[node]), b"BRANCH_LEQ", float(threshold[node]), int(left[node]), int(right[node]))))
                for key, entry in zip(out, row):
                    out[key].append(entry)
                if leaf[node]:
                    for key, entry in zip(target, (tree, node, 0, float(value[node]))):
                        target[key].append(entry)
        return ({f"nodes_{key}": value for key, value in out.items()} | {f"target_{key}": value for key, value in target.items()}
                | {"n_targets": 1, "base_values": [float(self.base)], "aggregate_function": "SUM", "post_transform": "NONE"})

    def graph(self, graph):
        users = len(self.inputs.user_names)
        user, items = graph.columns("features", 0, users), graph.columns("features", users, users + len(self.inputs.item_names))
        crosses = self.inputs.graph_crosses(graph, user, items)
        last = len(self.inputs.cross_mean)
        table = graph.op("Concat", "features", graph.columns(crosses, 0, 1), graph.columns(crosses, last - 3, last), axis=1)
        logit = graph.op("TreeEnsembleRegressor", table, domain="ai.onnx.ml", **self.attributes())
        graph.op("Sigmoid", logit, output="score")
