"""The shop's files as arrays, and its features as of any instant.

The definitions are the ones demo/shop writes into users.csv and items.csv. `check` proves that both agree, so that
training cannot see other numbers than serving."""

import csv
import datetime as dt
import gzip
import pathlib
import re

import numpy as np

DAY = 86400
NEVER = 365.0     # days since something that has not happened
SHRINKAGE = 5.0   # lines a user needs before half of a difference from the catalogue's mean is believed
UTC = dt.timezone.utc
T = int(dt.datetime(2025, 11, 3, tzinfo=UTC).timestamp())
SEASONS = ["spring", "summer", "autumn", "winter"]


def _rows(path):
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _floats(rows, names):
    return np.array([[float(row[name] or "nan") for name in names] for row in rows])


def user_views(path, names):
    """The columns of each view of users, from the one-line features of views.yaml."""
    views = {}
    for kind, name in re.findall(r"(- name: |- {name: )(\w+)", pathlib.Path(path).read_text("utf-8")):
        if kind == "- name: ":
            columns = views[name] = []
        elif name in names:
            columns.append(names.index(name))
    return {view: columns for view, columns in views.items() if columns}


class Shop:
    def __init__(self, folder):
        users, items = _rows(f"{folder}/users.csv.gz"), _rows(f"{folder}/items.csv.gz")
        self.user_names = [name for name in users[0] if name.startswith("u_")]
        self.item_names = [name for name in items[0] if name.startswith("i_")]
        self.users_at_t, self.items_at_t = _floats(users, self.user_names), _floats(items, self.item_names)
        self.segment = np.array([row["segment"] for row in users])
        self.season = np.array([SEASONS.index(row["season"]) if row["season"] else -1 for row in items])
        listed = [dt.datetime.fromisoformat(row["listed"]).replace(tzinfo=UTC) for row in items]
        self.listed = np.array([int(day.timestamp()) for day in listed])
        self.categories = [name for name in self.item_names if name.startswith("i_cat_")]
        self.tags = [name for name in self.item_names if name.startswith("i_tag_")]
        self.user_views = user_views(f"{folder}/views.yaml", self.user_names)
        self._load_events(_rows(f"{folder}/events.csv.gz"), users, items)

    def _load_events(self, events, users, items):
        user_at = {row["user_id"]: n for n, row in enumerate(users)}
        item_at = {row["item_id"]: n for n, row in enumerate(items)}
        self.user = np.array([user_at[e["user_id"]] for e in events])
        self.item = np.array([item_at[e["item_id"]] for e in events])
        self.quantity = np.array([int(e["quantity"]) for e in events])
        self.revenue = np.array([float(e["revenue"]) for e in events])
        stamps = [dt.datetime.fromisoformat(e["ts"].replace("Z", "+00:00")) for e in events]
        self.ts = np.array([int(stamp.timestamp()) for stamp in stamps])
        self.weekend = np.array([stamp.weekday() >= 5 for stamp in stamps])

    def item_column(self, name):
        return self.items_at_t[:, self.item_names.index(name)]

    def item_columns(self, names):
        return self.items_at_t[:, [self.item_names.index(name) for name in names]]

    def users_at(self, now):
        """The u_ features as of `now`: [users, features], NaN where unknown."""
        past = self.ts < now
        user, item = self.user[past], self.item[past]
        age, revenue = now - self.ts[past], self.revenue[past]
        size = len(self.users_at_t)

        def count(weights=None, where=slice(None)):
            return np.bincount(user[where], None if weights is None else weights[where], size).astype(float)

        lines = count()
        tastes = np.column_stack([
            self.item_column("i_price_ratio") - 1, self.item_column("i_own_brand") - self.item_column("i_own_brand").mean(),
            *(column - column.mean() for column in self.item_columns(self.categories + self.tags).T)])
        lifts = np.column_stack([count(column[item]) for column in tastes.T]) / (lines + SHRINKAGE)[:, None]
        _, first_line = np.unique(np.stack([user, age]), axis=1, return_index=True)
        _, first_buy = np.unique(np.stack([user, item]), axis=1, return_index=True)
        category = self.item_columns(self.categories).argmax(1)[item]
        _, first_shelf = np.unique(np.stack([user, category]), axis=1, return_index=True)
        last, first = np.full(size, np.inf), np.zeros(size)
        np.minimum.at(last, user, age)
        np.maximum.at(first, user, age)
        month = age <= 28 * DAY
        recent_order = first_line[age[first_line] <= 28 * DAY]
        with np.errstate(invalid="ignore"):
            stats = [
                *(count(where=age <= days * DAY) for days in (7, 28, 90)), lines,
                count(where=recent_order), count(where=first_line),
                count(revenue, month), count(revenue),
                np.where(lines > 0, last / DAY, NEVER), first / DAY,
                count(revenue) / count(self.quantity[past]),
                count(where=first_buy), count(where=first_shelf),
                1 - count(where=first_buy) / lines, count(self.weekend[past].astype(float)) / lines]
        stats = np.nan_to_num(np.column_stack(stats))
        return np.column_stack([self.users_at_t[:, :2], lifts, stats])

    def items_at(self, now):
        """The i_ features as of `now`: [items, features]."""
        past = self.ts < now
        user, item, quantity = self.user[past], self.item[past], self.quantity[past]
        age, revenue = now - self.ts[past], self.revenue[past]
        size = len(self.items_at_t)

        def count(weights=None, where=slice(None)):
            return np.bincount(item[where], None if weights is None else weights[where], size).astype(float)

        pairs, pair = np.unique(np.stack([item, user]), axis=1, return_inverse=True)
        latest = np.full(pairs.shape[1], np.inf)
        np.minimum.at(latest, pair, age)

        def buyers(where):
            return np.bincount(pairs[0][where], minlength=size).astype(float)

        last = np.full(size, np.inf)
        np.minimum.at(last, item, age)
        lines, month = count(), age <= 28 * DAY
        lines28, lines90 = count(where=month), count(where=age <= 90 * DAY)
        shelves = self.item_columns(self.categories)
        with np.errstate(invalid="ignore"):
            stats = np.column_stack([
                (now - self.listed) / DAY, count(where=age <= 7 * DAY), lines28, lines90,
                buyers(latest <= 28 * DAY), buyers(latest <= 90 * DAY), buyers(slice(None)),
                count(revenue, month), np.where(lines > 0, last / DAY, NEVER), (lines28 / 28) / (lines90 / 90),
                count(quantity) / lines, shelves @ (lines28 @ shelves), buyers(np.bincount(pair) > 1) / buyers(slice(None))])
        fixed = self.item_columns(["i_price", "i_price_ratio", "i_own_brand"])
        labels = self.item_columns(self.categories + self.tags)
        return np.column_stack([fixed, self._season_match(now), labels, np.nan_to_num(stats)])

    def _season_match(self, now):
        quarter = (dt.datetime.fromtimestamp(now, UTC).month + 9) % 12 // 3
        away = (quarter - self.season) % 4
        return np.where(self.season < 0, 0, np.select([away == 0, away == 2], [1, -1], 0))

    def check(self, tolerance=1e-4):
        """Raises where the features as of T differ from the ones in the files."""
        for kind, ours, theirs, names in (("users", self.users_at(T), self.users_at_t, self.user_names),
                                          ("items", self.items_at(T), self.items_at_t, self.item_names)):
            differs = ~np.isclose(ours, theirs, rtol=0, atol=tolerance, equal_nan=True)
            if differs.any():
                row, column = np.argwhere(differs)[0]
                raise SystemExit(f"{kind}.csv line {row + 2}, {names[column]}: is {theirs[row, column]}, "
                                 f"recomputed {ours[row, column]}")
            print(f"features as of T: {kind} {ours.shape[0]} x {ours.shape[1]}, "
                  f"largest difference {np.nanmax(np.abs(ours - theirs)):.1e}")
