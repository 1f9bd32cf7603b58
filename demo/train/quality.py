"""Metrics on the validation weeks, and the baseline that drift is measured from."""

import numpy as np
from sklearn.metrics import log_loss, roc_auc_score

from shopdata import DAY, T

CANDIDATES, HALF_LIFE = 200, 28 * DAY
SAMPLED_USERS, SAMPLED_ITEMS = 600, 20
PROBABILITIES = np.linspace(0, 1, 51)


def metrics(shop, inputs, pairs, score):
    """AUC and log loss of a score, and the AUC of popularity; segments are the ones of T."""
    users, items = inputs.filled_rows(pairs, np.arange(len(pairs)))
    scores, popularity = score(users, items, pairs.item), items[:, inputs.item_names.index("i_buyers_28d")]

    def part(where, values, is_score):
        label = pairs.label[where]
        out = {"auc": round(float(roc_auc_score(label, values[where])), 4), "pairs": len(label), "positives": int(label.sum())}
        return out | {"logloss": round(float(log_loss(label, values[where])), 4)} if is_score else out

    def parts(values, is_score):
        segment = shop.segment[pairs.user]
        return {"global": part(np.full(len(pairs), True), values, is_score),
                "segments": {str(name): part(segment == name, values, is_score) for name in np.unique(segment)}}

    return {"validation": parts(scores, True), "popularity_baseline": parts(popularity, False)}


def popular(shop, segment, now):
    """The items with most distinct buyers of a segment, each counted by the age of their last purchase."""
    of = (shop.ts < now) & (shop.segment[shop.user] == segment)
    size = len(shop.items_at_t)
    pair, which = np.unique(shop.user[of] * size + shop.item[of], return_inverse=True)
    last = np.zeros(len(pair))
    np.maximum.at(last, which, shop.ts[of])
    buyers = np.bincount(pair % size, 0.5 ** ((now - last) / HALF_LIFE), size)
    return np.argsort(-buyers, kind="stable")[:CANDIDATES]


class Baseline:
    """Requests as they would have come in the four weeks before T: visitors, each with candidates of their segment."""

    def __init__(self, shop, inputs, seed):
        rng, self.inputs = np.random.default_rng(seed), inputs
        visitors, users, items, picked = [], [], [], []
        for now in range(T - 28 * DAY, T, 7 * DAY):
            visiting = np.unique(shop.user[(shop.ts >= now) & (shop.ts < now + 7 * DAY)])
            user_rows, item_rows = shop.users_at(now).astype(np.float32), shop.items_at(now).astype(np.float32)
            visitors.append(user_rows[visiting])
            lists = {name: popular(shop, name, now) for name in np.unique(shop.segment)}
            for user in rng.choice(visiting, SAMPLED_USERS, replace=False):
                candidates = rng.choice(lists[shop.segment[user]], SAMPLED_ITEMS, replace=False)
                candidates = candidates[shop.listed[candidates] <= now]
                users.append(np.repeat(user_rows[[user]], len(candidates), 0))
                items.append(item_rows[candidates])
                picked.append(candidates)
        self.visitors = np.concatenate(visitors)
        self.users, self.items, self.picked = (np.concatenate(part) for part in (users, items, picked))

    def of(self, score):
        columns = [*zip(self.inputs.user_names, self.visitors.T), *zip(self.inputs.item_names, self.items.T)]
        return {"population": "snapshots 28, 21, 14 and 7 days before T: u_ features over users who bought in the following "
                              "week (one row per user and snapshot), i_ features and score over candidates drawn from the "
                              f"{CANDIDATES} items most bought in the user's segment",
                "quantile_probs": [round(float(p), 2) for p in PROBABILITIES],
                "features": {name: summary(values) for name, values in columns},
                "score": summary(score(self.inputs.fill(self.users), self.items, self.picked))}


def summary(values):
    known = values[~np.isnan(values)].astype(np.float64)
    short = lambda value: float(f"{value:.7g}")  # noqa: E731
    return {"count": len(values), "null_rate": round(1 - len(known) / len(values), 6), "mean": short(known.mean()),
            "std": short(known.std()), "quantiles": [short(q) for q in np.quantile(known, PROBABILITIES)]}
