"""Training pairs: what users bought in a week, against items drawn uniformly from the catalogue.

Features are as of the start of the week, labels are the week's purchases. With uniform negatives the odds of the label
are proportional to the user's chance of buying the item, so the score orders items by that chance."""

import numpy as np

from shopdata import DAY, T

NEGATIVES = 8
TRAIN_WEEKS = range(T - 154 * DAY, T - 14 * DAY, 7 * DAY)
VALIDATION_WEEKS = range(T - 14 * DAY, T, 7 * DAY)


class Pairs:
    """Rows of (snapshot, user, item, label); users[s] and items[s] are the feature tables of snapshot s."""

    def __init__(self, shop, weeks, seed):
        rng = np.random.default_rng(seed)
        self.users = np.stack([shop.users_at(week) for week in weeks]).astype(np.float32)
        self.items = np.stack([shop.items_at(week) for week in weeks]).astype(np.float32)
        parts = [self._week(shop, s, week, rng) for s, week in enumerate(weeks)]
        self.snapshot, self.user, self.item, self.label = (np.concatenate(part) for part in zip(*parts))

    @staticmethod
    def _week(shop, snapshot, week, rng):
        bought = (shop.ts >= week) & (shop.ts < week + 7 * DAY)
        pairs = np.unique(np.stack([shop.user[bought], shop.item[bought]]), axis=1)
        pairs = pairs[:, shop.listed[pairs[1]] <= week]  # what is not listed yet has no features
        listed = np.flatnonzero(shop.listed <= week)
        users = np.repeat(pairs[0], NEGATIVES)
        drawn = rng.choice(listed, len(users))
        label = np.r_[np.ones(pairs.shape[1]), np.zeros(len(users))].astype(np.float32)
        return np.full(len(label), snapshot), np.r_[pairs[0], users], np.r_[pairs[1], drawn], label

    def __len__(self):
        return len(self.label)

    def rows(self, index):
        """The raw feature rows of some pairs: users, items."""
        return self.users[self.snapshot[index], self.user[index]], self.items[self.snapshot[index], self.item[index]]
