"""What happens to the raw features before a model sees them: defaults, logarithms, standardising, crosses.

Each step is here twice: on arrays for training, and as nodes of the ONNX graph."""

import numpy as np

SKEWED = ("lines", "orders", "spend", "days", "price", "buyers", "revenue", "distinct", "qty")
CLIP = 6.0
MISSING = 0.08  # share of training rows that a view of the user is missing from


class Inputs:
    def __init__(self, shop, pairs):
        self.user_names, self.item_names, self.user_views = shop.user_names, shop.item_names, shop.user_views
        users = pairs.users.reshape(-1, len(self.user_names))
        items = pairs.items.reshape(-1, len(self.item_names))
        self.defaults = np.zeros(len(self.user_names), np.float32)
        for name in ("u_age_band", "u_household_size"):
            self.defaults[self.user_names.index(name)] = np.round(np.nanmean(users[:, self.user_names.index(name)]), 4)
        self.defaults[self.user_names.index("u_days_since_last")] = 365
        self.user_log, self.item_log = self._skewed(self.user_names), self._skewed(self.item_names)
        self.user_mean, self.user_std = self._moments(self.logs(self.fill(users), self.user_log))
        self.item_mean, self.item_std = self._moments(self.logs(items, self.item_log))
        self.user_cats, self.user_tags = self._span(self.user_names, "u_cat_"), self._span(self.user_names, "u_tag_")
        self.item_cats, self.item_tags = self._span(self.item_names, "i_cat_"), self._span(self.item_names, "i_tag_")
        sample = np.arange(0, len(pairs), 7)
        self.cross_mean, self.cross_std = self._moments(self.raw_crosses(*self.filled_rows(pairs, sample)))

    @staticmethod
    def _skewed(names):
        return np.array([any(word in name for word in SKEWED) and not name.endswith(("taste", "ratio"))
                         for name in names], np.float32)

    @staticmethod
    def _moments(values):
        std = values.std(0, dtype=np.float64)
        return values.mean(0, dtype=np.float64).astype(np.float32), np.where(std > 1e-6, std, 1).astype(np.float32)

    @staticmethod
    def _span(names, prefix):
        at = [n for n, name in enumerate(names) if name.startswith(prefix)]
        return at[0], at[-1] + 1

    def fill(self, users):
        return np.where(np.isnan(users), self.defaults, users)

    def filled_rows(self, pairs, index):
        users, items = pairs.rows(index)
        return self.fill(users), items

    def training_rows(self, pairs, index, rng):
        """filled_rows with views missing here and there: new users and partial rows have to be ranked, too."""
        users, items = self.filled_rows(pairs, index)
        for columns in self.user_views.values():
            users[np.ix_(rng.random(len(users)) < MISSING, columns)] = self.defaults[columns]
        return users, items

    @staticmethod
    def logs(values, mask):
        return np.where(mask > 0, np.log1p(np.maximum(values, 0)), values)

    def standard(self, users, items):
        """Both sides as the networks see them."""
        user = (self.logs(users, self.user_log) - self.user_mean) / self.user_std
        item = (self.logs(items, self.item_log) - self.item_mean) / self.item_std
        return np.clip(user, -CLIP, CLIP), np.clip(item, -CLIP, CLIP)

    def raw_crosses(self, users, items):
        """How well user and item match: category, every tag, all tags, own brand, and how far the price is off."""
        u, i = self.user_names.index, self.item_names.index
        shelf = (users[:, slice(*self.user_cats)] * items[:, slice(*self.item_cats)]).sum(1, keepdims=True)
        tags = users[:, slice(*self.user_tags)] * items[:, slice(*self.item_tags)]
        own = users[:, [u("u_own_brand_taste")]] * items[:, [i("i_own_brand")]]
        price = items[:, [i("i_price_ratio")]] - users[:, [u("u_price_taste")]]
        return np.concatenate([shelf, tags, tags.sum(1, keepdims=True), own, price], 1)

    def dense(self, users, items):
        """The input row of the networks from raw rows: user, item, crosses."""
        crosses = np.clip((self.raw_crosses(users, items) - self.cross_mean) / self.cross_std, -CLIP, CLIP)
        return np.concatenate([*self.standard(users, items), crosses], 1)

    # The same in the graph.

    def graph_standard(self, graph, node, side):
        """log1p of the skewed columns, then standardised and clipped."""
        mask, mean, std = (getattr(self, f"{side}_{part}") for part in ("log", "mean", "std"))
        logs = graph.op("Log", graph.op("Add", graph.op("Relu", node), graph.const("one", np.float32([1]))))
        mixed = graph.op("Add", graph.op("Mul", logs, graph.const(f"{side}_log", mask)),
                         graph.op("Mul", node, graph.const(f"{side}_plain", 1 - mask)))
        return self.graph_scaled(graph, mixed, side, mean, std)

    @staticmethod
    def graph_scaled(graph, node, name, mean, std):
        centred = graph.op("Sub", node, graph.const(f"{name}_mean", mean))
        scaled = graph.op("Div", centred, graph.const(f"{name}_std", std))
        return graph.op("Clip", scaled, graph.const("clip_low", np.float32(-CLIP)), graph.const("clip_high", np.float32(CLIP)))

    def graph_crosses(self, graph, users, items):
        """raw_crosses for `users` of one row or of a row per item."""
        u, i = self.user_names.index, self.item_names.index
        cut = graph.columns
        shelf = graph.row_sum(graph.op("Mul", cut(users, *self.user_cats), cut(items, *self.item_cats)))
        tags = graph.op("Mul", cut(users, *self.user_tags), cut(items, *self.item_tags))
        own_u, own_i = u("u_own_brand_taste"), i("i_own_brand")
        own = graph.op("Mul", cut(users, own_u, own_u + 1), cut(items, own_i, own_i + 1))
        asked, wanted = i("i_price_ratio"), u("u_price_taste")
        price = graph.op("Sub", cut(items, asked, asked + 1), cut(users, wanted, wanted + 1))
        return graph.op("Concat", shelf, tags, graph.row_sum(tags), own, price, axis=1)

    def graph_dense(self, graph):
        """From the graph's inputs `user` [1, U] and `items` [N, I]: the standard user [1, U], the networks' row [N, ...]."""
        crosses = self.graph_scaled(graph, self.graph_crosses(graph, "user", "items"), "cross", self.cross_mean, self.cross_std)
        user, items = self.graph_standard(graph, "user", "user"), self.graph_standard(graph, "items", "item")
        return user, graph.op("Concat", graph.spread(user, len(self.user_names)), items, crosses, axis=1)
