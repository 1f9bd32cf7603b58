"""Writes the small models of this folder with the official Python package onnx (1.12 or later)."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def write(name, nodes, inputs, outputs, initialisers=(), ml=None):
    opsets = [helper.make_opsetid("", 13)] + ([helper.make_opsetid("ai.onnx.ml", ml)] if ml else [])
    graph = helper.make_graph(nodes, name, inputs, outputs, [numpy_helper.from_array(a, n) for n, a in initialisers])
    save(helper.make_model(graph, opset_imports=opsets, ir_version=7), name + ".onnx")


def value(name, dtype, shape):
    return helper.make_tensor_value_info(name, dtype, shape)


# Two towers, an embedding and a layer: user [1,2], items [N,2], item_index [N] -> score [N,1].
write(
    "towers",
    [
        helper.make_node("Shape", ["items"], ["shape"]),
        helper.make_node("Gather", ["shape", "zero"], ["n"], axis=0),
        helper.make_node("Concat", ["n", "two"], ["wide"], axis=0),
        helper.make_node("Expand", ["user", "wide"], ["users"]),
        helper.make_node("Gather", ["embedding", "item_index"], ["embedded"]),
        helper.make_node("Concat", ["users", "items", "embedded"], ["row"], axis=1),
        helper.make_node("Gemm", ["row", "weights", "bias"], ["hidden"], transB=1),
        helper.make_node("Relu", ["hidden"], ["active"]),
        helper.make_node("ReduceSum", ["active", "axis"], ["sum"], keepdims=1),
        helper.make_node("Sigmoid", ["sum"], ["score"]),
    ],
    [value("user", FLOAT, [1, 2]), value("items", FLOAT, ["N", 2]), value("item_index", INT64, ["N"])],
    [value("score", FLOAT, ["N", 1])],
    [
        ("zero", np.array([0])), ("two", np.array([2])), ("axis", np.array([1])),
        ("embedding", np.array([[0.0], [1.0], [-1.0]], np.float32)),
        ("weights", np.array([[1, 0, 1, 0, 1], [0, 1, 0, -1, 0]], np.float32)),
        ("bias", np.array([-1, 0.5], np.float32)),
    ],
)

# One tree with a missing value and two leaves, as a classifier with a logistic score: features [N,1] -> label, score.
write(
    "tree",
    [
        helper.make_node(
            "TreeEnsembleClassifier", ["features"], ["label", "score"], domain="ai.onnx.ml",
            nodes_treeids=[0, 0, 0], nodes_nodeids=[0, 1, 2], nodes_featureids=[0, 0, 0], nodes_values=[1.5, 0.0, 0.0],
            nodes_modes=["BRANCH_LT", "LEAF", "LEAF"], nodes_truenodeids=[1, 0, 0], nodes_falsenodeids=[2, 0, 0],
            nodes_missing_value_tracks_true=[1, 0, 0], class_treeids=[0, 0], class_nodeids=[1, 2], class_ids=[1, 1],
            class_weights=[-2.0, 2.0], classlabels_int64s=[0, 1], post_transform="LOGISTIC",
        )
    ],
    [value("features", FLOAT, ["N", 1])],
    [value("label", INT64, ["N"]), value("score", FLOAT, ["N", 2])],
    ml=1,
)
