"""The two networks, in numpy: forward, gradient, Adam, and their ONNX graphs."""

import numpy as np

EMBEDDING = 16
BATCH = 1024


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def weights(rng, rows, columns):
    return (rng.standard_normal((rows, columns)) * np.sqrt(2 / rows)).astype(np.float32)


class Adam:
    def __init__(self, params):
        self.params, self.step = params, 0
        self.mean = {name: np.zeros_like(value) for name, value in params.items()}
        self.square = {name: np.zeros_like(value) for name, value in params.items()}

    def update(self, grads, rate):
        self.step += 1
        rate *= np.sqrt(1 - 0.999**self.step) / (1 - 0.9**self.step)
        for name, grad in grads.items():
            self.mean[name] += 0.1 * (grad - self.mean[name])
            self.square[name] += 0.001 * (grad * grad - self.square[name])
            self.params[name] -= (rate * self.mean[name] / (np.sqrt(self.square[name]) + 1e-8)).astype(np.float32)


class Tower:
    """Dense layers with ReLU between them; parts of a parameter dictionary under a prefix."""

    def __init__(self, params, prefix, sizes, rng):
        self.params, self.names = params, [f"{prefix}{n}" for n in range(len(sizes) - 1)]
        for name, rows, columns in zip(self.names, sizes, sizes[1:]):
            params[f"{name}_w"], params[f"{name}_b"] = weights(rng, rows, columns), np.zeros(columns, np.float32)

    def forward(self, x, relu_last):
        kept = [x]
        for n, name in enumerate(self.names):
            x = x @ self.params[f"{name}_w"] + self.params[f"{name}_b"]
            if relu_last or n < len(self.names) - 1:
                x = np.maximum(x, 0)
            kept.append(x)
        return kept

    def backward(self, kept, grad, grads, relu_last):
        for n in reversed(range(len(self.names))):
            if relu_last or n < len(self.names) - 1:
                grad = grad * (kept[n + 1] > 0)
            grads[f"{self.names[n]}_w"], grads[f"{self.names[n]}_b"] = kept[n].T @ grad, grad.sum(0)
            grad = grad @ self.params[f"{self.names[n]}_w"].T
        return grad

    def graph(self, graph, node, relu_last):
        for n, name in enumerate(self.names):
            node = graph.op("Gemm", node, *(graph.const(f"{name}_{part}", self.params[f"{name}_{part}"]) for part in "wb"))
            if relu_last or n < len(self.names) - 1:
                node = graph.op("Relu", node)
        return node


class Mlp:
    """A tower over features and crosses."""

    def __init__(self, inputs, seed):
        self.inputs, self.params = inputs, {}
        width = len(inputs.user_mean) + len(inputs.item_mean) + len(inputs.cross_mean)
        self.tower = Tower(self.params, "layer", [width, 96, 48, 1], np.random.default_rng(seed))

    def forward(self, users, items, _):
        kept = self.tower.forward(self.inputs.dense(users, items), relu_last=False)
        return kept[-1][:, 0], kept

    def gradient(self, kept, error):
        grads = {}
        self.tower.backward(kept, error[:, None], grads, relu_last=False)
        return grads

    def score(self, users, items, index):
        return sigmoid(self.forward(users, items, index)[0])

    def graph(self, graph):
        logit = self.tower.graph(graph, self.inputs.graph_dense(graph)[1], relu_last=False)
        graph.op("Sigmoid", graph.op("Squeeze", logit, graph.const("axis_1", np.int64([1]))), output="score")


class Dcn:
    """Cross layers x0 * (x w) + b + x beside a deep tower, over features and a learned vector per item."""

    LAYERS = 3

    def __init__(self, inputs, item_count, seed):
        rng = np.random.default_rng(seed)
        self.inputs, self.unknown, self.rng = inputs, item_count, rng
        self.users = len(inputs.user_mean)
        width = self.users + len(inputs.item_mean) + len(inputs.cross_mean) + EMBEDDING
        self.params = {"item_embedding": (0.05 * rng.standard_normal((item_count + 1, EMBEDDING))).astype(np.float32),
                       "user_projection": 0.1 * weights(rng, self.users, EMBEDDING),
                       "out_w": 0.1 * weights(rng, width + 32, 1), "out_b": np.zeros(1, np.float32)}
        for layer in range(self.LAYERS):
            self.params[f"cross{layer}_w"] = 0.1 * weights(rng, width, 1)
            self.params[f"cross{layer}_b"] = np.zeros(width, np.float32)
        self.deep = Tower(self.params, "deep", [width, 64, 32], rng)

    def forward(self, users, items, index):
        p, dense = self.params, self.inputs.dense(users, items)
        user, embedding = dense[:, :self.users], self.params["item_embedding"][index]
        x0 = np.concatenate([dense, embedding], 1)
        crossed = [x0]
        for layer in range(self.LAYERS):
            x = crossed[-1]
            crossed.append(x0 * (x @ p[f"cross{layer}_w"]) + p[f"cross{layer}_b"] + x)
        deep = self.deep.forward(x0, relu_last=True)
        joined = np.concatenate([crossed[-1], deep[-1]], 1)
        projected = user @ p["user_projection"]
        logit = (joined @ p["out_w"])[:, 0] + p["out_b"] + (projected * embedding).sum(1)
        return logit, (user, embedding, index, crossed, deep, joined, projected)

    def gradient(self, kept, error):
        p, grads, error = self.params, {}, error[:, None]
        user, embedding, index, crossed, deep, joined, projected = kept
        grads["out_w"], grads["out_b"] = joined.T @ error, error.sum(0)
        spread = error @ p["out_w"].T
        grad, from_deep = spread[:, :crossed[0].shape[1]], spread[:, crossed[0].shape[1]:]
        x0_grad = self.deep.backward(deep, from_deep, grads, relu_last=True)
        for layer in reversed(range(self.LAYERS)):
            x, w = crossed[layer], p[f"cross{layer}_w"]
            inner = (grad * crossed[0]).sum(1, keepdims=True)
            grads[f"cross{layer}_w"], grads[f"cross{layer}_b"] = x.T @ inner, grad.sum(0)
            x0_grad = x0_grad + grad * (x @ w)
            grad = grad + inner @ w.T
        x0_grad = x0_grad + grad
        grads["user_projection"] = user.T @ (error * embedding)
        table = np.zeros_like(p["item_embedding"])
        np.add.at(table, index, x0_grad[:, -EMBEDDING:] + error * projected)
        grads["item_embedding"] = table
        return grads

    def score(self, users, items, index):
        return sigmoid(self.forward(users, items, index)[0])

    def graph(self, graph):
        user, dense = self.inputs.graph_dense(graph)
        embedding = graph.op("Gather", graph.const("item_embedding", self.params["item_embedding"]), "item_index", axis=0)
        x0 = x = graph.op("Concat", dense, embedding, axis=1)
        for layer in range(self.LAYERS):
            w, b = (graph.const(f"cross{layer}_{part}", self.params[f"cross{layer}_{part}"]) for part in "wb")
            crossed = graph.op("Add", graph.op("Mul", x0, graph.op("MatMul", x, w)), b)
            x = graph.op("Add", crossed, x)
        joined = graph.op("Concat", x, self.deep.graph(graph, x0, relu_last=True), axis=1)
        logit = graph.op("Gemm", joined, *(graph.const(f"out_{part}", self.params[f"out_{part}"]) for part in "wb"))
        projected = graph.op("MatMul", user, graph.const("user_projection", self.params["user_projection"]))
        match = graph.row_sum(graph.op("Mul", projected, embedding))
        graph.op("Sigmoid", graph.op("Add", logit, match), output="score")


def train(model, pairs, epochs, rate, seed, unknown):
    """Logistic loss over shuffled batches. One row in twenty shows its item as unknown, so that new items can be ranked."""
    rng, adam = np.random.default_rng(seed), Adam(model.params)
    steps = epochs * (len(pairs) // BATCH)
    for epoch in range(epochs):
        losses, order = [], rng.permutation(len(pairs))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            batch = order[start:start + BATCH]
            index = np.where(rng.random(BATCH) < 0.05, unknown, pairs.item[batch])
            logit, kept = model.forward(*model.inputs.training_rows(pairs, batch, rng), index)
            label = pairs.label[batch]
            losses.append(np.mean(np.logaddexp(0, logit) - label * logit))
            grads = model.gradient(kept, (sigmoid(logit) - label) / BATCH)
            adam.update(grads, rate * (1 - adam.step / steps))
        print(f"  epoch {epoch + 1}: log loss {np.mean(losses):.4f}")
