package shop

import (
	"fmt"
	"strings"
)

// viewsYAML declares the features of the files for the services.
func viewsYAML() []byte {
	var b strings.Builder
	b.WriteString(`# Written by demo/generate: the features of the demonstration's shop.
project: demo
entities:
  user: {join_key: user_id, type: string}
  item: {join_key: item_id, type: string}
views:
`)
	writeView(&b, UserProfile, "user", "", UserFeatures())
	writeView(&b, UserStats, "user", "720h", UserFeatures())
	writeView(&b, ItemCatalog, "item", "", ItemFeatures())
	writeView(&b, ItemStats, "item", "720h", ItemFeatures())
	b.WriteString(`events:
  id: event_id
  user: user_id
  item: item_id
  type: type
  quantity: quantity
  revenue: revenue
  currency: USD
  time: ts
`)
	return []byte(b.String())
}

func writeView(b *strings.Builder, name, entity, freshness string, features []Feature) {
	fmt.Fprintf(b, "  - name: %s\n    entity: %s\n", name, entity)
	if freshness != "" {
		fmt.Fprintf(b, "    freshness: %s\n", freshness)
	}
	b.WriteString("    features:\n")
	for _, feature := range features {
		if feature.View == name {
			fmt.Fprintf(b, "      - {%s}\n", feature.yaml())
		}
	}
}

func (f Feature) yaml() string {
	text := fmt.Sprintf("name: %s, dtype: %s, nullable: %t", f.Name, f.Dtype, f.Nullable)
	if f.Role != "" {
		text += ", role: " + f.Role
	}
	if f.Range != [2]float64{} {
		text += fmt.Sprintf(", range: [%.0f, %.0f]", f.Range[0], f.Range[1])
	}
	return text
}
