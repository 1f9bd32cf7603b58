"""Trains the demonstration's models on the shop's files and writes a bundle for each.

    /usr/bin/python3 demo/train/train.py --data demo/data --out demo/bundles
"""

import argparse
import os
import pathlib
import sys

sys.dont_write_bytecode = True
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # sums in the same order on any number of cores

import numpy as np  # noqa: E402

from bundle import Bundle  # noqa: E402
from inputs import Inputs  # noqa: E402
from networks import Dcn, Mlp, train  # noqa: E402
from pairs import TRAIN_WEEKS, VALIDATION_WEEKS, Pairs  # noqa: E402
from quality import Baseline, metrics  # noqa: E402
from shopdata import Shop  # noqa: E402
from trees import Trees  # noqa: E402

TREE_SAMPLE = 250_000


def main():
    here = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, default=here / "data")
    parser.add_argument("--out", type=pathlib.Path, default=here / "bundles")
    args = parser.parse_args()

    shop = Shop(args.data)
    shop.check()
    pairs, held = Pairs(shop, TRAIN_WEEKS, seed=1), Pairs(shop, VALIDATION_WEEKS, seed=2)
    print(f"pairs: {len(pairs)} to train on, {len(held)} to validate")
    inputs, items = Inputs(shop, pairs), len(shop.items_at_t)
    baseline = Baseline(shop, inputs, seed=3)
    for name, model in trained(inputs, items, pairs):
        measured = metrics(shop, inputs, held, model.score)
        report(measured)
        Bundle(name, shop, inputs, model).write(args.out / name, measured, baseline.of(model.score))


def trained(inputs, items, pairs):
    """The models one after the other, so that only one is in memory."""
    print("mlp")
    mlp = Mlp(inputs, seed=1)
    train(mlp, pairs, epochs=6, rate=2e-3, seed=3, unknown=items)
    yield "mlp", mlp
    print("dcn")
    dcn = Dcn(inputs, items, seed=1)
    train(dcn, pairs, epochs=4, rate=2e-3, seed=3, unknown=items)
    yield "dcn", dcn
    print("gbdt")
    trees, rng = Trees(inputs, seed=1), np.random.default_rng(4)
    trees.fit(pairs, rng.permutation(len(pairs))[:TREE_SAMPLE], rng)
    yield "gbdt", trees


def report(measured):
    for key, values in measured.items():
        segments = ", ".join(f"{name} {part['auc']:.3f}" for name, part in values["segments"].items())
        print(f"  {key}: AUC {values['global']['auc']:.4f} ({segments})")


if __name__ == "__main__":
    main()
