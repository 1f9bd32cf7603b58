package shop

import "math"

// Feature is one column of a feature view.
type Feature struct {
	Name     string
	View     string
	Dtype    string     // float32, int64 or string, as in views.yaml
	Nullable bool       // the value may be unknown
	Role     string     // "segment" or ""
	Range    [2]float64 // what a sane value lies in; both 0 for none
}

// The feature views. The profile and the catalogue change slowly; the statistics grow stale with the events.
const (
	UserProfile = "user_profile"
	UserStats   = "user_stats"
	ItemCatalog = "item_catalog"
	ItemStats   = "item_stats"
)

const (
	never     = 365 // days since something that has not happened
	shrinkage = 5   // lines a user needs before half of a difference from the catalogue's mean is believed
	maxCount  = 1e6
)

// UserFeatures are the columns of users.csv after the id, in order.
func UserFeatures() []Feature {
	list := []Feature{
		{Name: "segment", View: UserProfile, Dtype: "string", Role: "segment"},
		{Name: "u_age_band", View: UserProfile, Dtype: "float32", Nullable: true, Range: [2]float64{1, 6}},
		{Name: "u_household_size", View: UserProfile, Dtype: "float32", Nullable: true, Range: [2]float64{1, 5}},
		number("u_price_taste", UserProfile, -1, 10), number("u_own_brand_taste", UserProfile, -1, 1),
	}
	for _, category := range Categories {
		list = append(list, number("u_cat_"+category, UserProfile, -1, 1))
	}
	for _, tag := range Tags {
		list = append(list, number("u_tag_"+tag, UserProfile, -1, 1))
	}
	for _, name := range []string{
		"u_lines_7d", "u_lines_28d", "u_lines_90d", "u_lines_total", "u_orders_28d", "u_orders_total",
		"u_spend_28d", "u_spend_total", "u_days_since_last", "u_days_since_first", "u_avg_price",
		"u_distinct_items", "u_distinct_categories",
	} {
		list = append(list, number(name, UserStats, 0, maxCount))
	}
	return append(list, number("u_repeat_share", UserStats, 0, 1), number("u_weekend_share", UserStats, 0, 1))
}

// ItemFeatures are the feature columns of items.csv, in order.
func ItemFeatures() []Feature {
	list := []Feature{
		{Name: "item_index", View: ItemCatalog, Dtype: "int64", Range: [2]float64{0, maxCount}},
		number("i_price", ItemCatalog, 0, maxCount), number("i_price_ratio", ItemCatalog, 0, 100),
		number("i_own_brand", ItemCatalog, 0, 1), number("i_season", ItemCatalog, -1, 1),
	}
	for _, category := range Categories {
		list = append(list, number("i_cat_"+category, ItemCatalog, 0, 1))
	}
	for _, tag := range Tags {
		list = append(list, number("i_tag_"+tag, ItemCatalog, 0, 1))
	}
	for _, name := range []string{
		"i_age_days", "i_lines_7d", "i_lines_28d", "i_lines_90d", "i_buyers_28d", "i_buyers_90d", "i_buyers_total",
		"i_revenue_28d", "i_days_since_last", "i_trend", "i_qty_per_line", "i_category_lines_28d",
	} {
		list = append(list, number(name, ItemStats, 0, maxCount))
	}
	return append(list, number("i_repeat_rate", ItemStats, 0, 1))
}

func number(name, view string, low, high float64) Feature {
	return Feature{Name: name, View: view, Dtype: "float32", Range: [2]float64{low, high}}
}

// ago is the age of an event at T in seconds; within tells whether it lies in the window of so many days before T.
func (e *Event) ago() int64           { return T().Unix() - e.Time.Unix() }
func (e *Event) within(days int) bool { return e.ago() <= int64(days)*86400 }

func days(seconds int64) float64 { return float64(seconds) / 86400 }

// ratio is a / b, and 0 where b is.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// round keeps four decimals: fine enough for any model, and far coarser than the last bits of a float64.
func round(v float64) float64 { return math.Round(v*1e4) / 1e4 }
