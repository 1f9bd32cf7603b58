"""A small writer of ONNX graphs, and an interpreter of the saved file that shares nothing with the training code."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

TYPES = {"float32": TensorProto.FLOAT, "int64": TensorProto.INT64}


class Graph:
    def __init__(self, name):
        self.name, self.nodes, self.consts = name, [], {}

    def const(self, name, value):
        self.consts[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def op(self, kind, *inputs, output=None, **attributes):
        output = output or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def columns(self, node, start, end):
        ends = [self.const(f"at_{at}", np.int64([at])) for at in (start, end)]
        return self.op("Slice", node, *ends, self.const("axis_1", np.int64([1])))

    def row_sum(self, node):
        return self.op("ReduceSum", node, self.const("axis_1", np.int64([1])), keepdims=1)

    def spread(self, node, width):
        """Repeats the one row of `node` for every row of the input `items`."""
        rows = self.op("Gather", self.op("Shape", "items"), self.const("at_0", np.int64([0])), axis=0)
        return self.op("Expand", node, self.op("Concat", rows, self.const(f"width_{width}", np.int64([width])), axis=0))

    def save(self, path, inputs, output_shape):
        values = [helper.make_tensor_value_info(i["name"], TYPES[i["dtype"]], i["shape"]) for i in inputs]
        score = helper.make_tensor_value_info("score", TensorProto.FLOAT, output_shape)
        graph = helper.make_graph(self.nodes, self.name, values, [score], list(self.consts.values()))
        domains = sorted({node.domain for node in self.nodes})
        opsets = [helper.make_opsetid(domain, 1 if domain else 13) for domain in domains]
        model = helper.make_model(graph, producer_name="repli-demo", opset_imports=opsets, ir_version=7)
        onnx.checker.check_model(model)
        with open(path, "wb") as file:
            file.write(model.SerializeToString(deterministic=True))
        return {opset.domain: opset.version for opset in opsets}


class Interpreter:
    """Evaluates a saved file node by node in the given float type."""

    def __init__(self, path, dtype=np.float32):
        self.graph, self.dtype = onnx.load(path).graph, dtype
        self.consts = {const.name: self._cast(numpy_helper.to_array(const)) for const in self.graph.initializer}

    def _cast(self, value):
        value = np.asarray(value)
        return value.astype(self.dtype) if value.dtype.kind == "f" else value

    def run(self, feeds):
        values = self.consts | {name: self._cast(value) for name, value in feeds.items()}
        for node in self.graph.node:
            attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            arguments = [values[name] for name in node.input]
            values[node.output[0]] = self._cast(getattr(self, f"_{node.op_type.lower()}")(*arguments, **attributes))
        return values["score"].astype(np.float32)

    _add, _sub, _mul, _div = (staticmethod(f) for f in (np.add, np.subtract, np.multiply, np.divide))
    _log, _matmul, _clip = (staticmethod(f) for f in (np.log, np.matmul, np.clip))

    def _relu(self, x):
        return np.maximum(x, 0)

    def _sigmoid(self, x):
        return 1 / (1 + np.exp(-x))

    def _gemm(self, a, b, c):
        return a @ b + c

    def _concat(self, *parts, axis):
        return np.concatenate(parts, axis)

    def _gather(self, data, index, axis):
        return np.take(data, index, axis)

    def _shape(self, x):
        return np.array(x.shape, np.int64)

    def _expand(self, x, shape):
        return np.broadcast_to(x, shape)

    def _squeeze(self, x, axes):
        return np.squeeze(x, tuple(axes))

    def _slice(self, x, starts, ends, axes):
        index = [slice(None)] * x.ndim
        for start, end, axis in zip(starts, ends, axes):
            index[axis] = slice(start, end)
        return x[tuple(index)]

    def _reducesum(self, x, axes, keepdims):
        return x.sum(tuple(axes), keepdims=bool(keepdims))

    def _treeensembleregressor(self, x, **a):
        node = {}
        for n, key in enumerate(zip(a["nodes_treeids"], a["nodes_nodeids"])):
            node[key] = (a["nodes_modes"][n] == b"LEAF", a["nodes_featureids"][n], np.float32(a["nodes_values"][n]),
                         a["nodes_truenodeids"][n], a["nodes_falsenodeids"][n])
        weight = dict(zip(zip(a["target_treeids"], a["target_nodeids"]), a["target_weights"]))
        score = np.zeros((len(x), 1), self.dtype)
        for row in range(len(x)):
            total = self.dtype(a["base_values"][0])
            for tree in range(max(a["nodes_treeids"]) + 1):
                at = 0
                while not node[tree, at][0]:
                    _, feature, threshold, yes, no = node[tree, at]
                    at = yes if x[row, feature] <= threshold else no
                total += self.dtype(weight[tree, at])
            score[row] = total
        return score
