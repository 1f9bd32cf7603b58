package fallback

import (
	"fmt"
	"testing"

	fallbackv1 "github.com/repli-mesh/repli/gen/repli/fallback/v1"
	"github.com/repli-mesh/repli/pkg/views"
)

func BenchmarkSuggest(b *testing.B) {
	service := serving(b, Defaults().Shares, shop(b, 1, 5_000, 20_000, 60_000))
	var context, exclude []string
	for i := range 200 {
		exclude = append(exclude, fmt.Sprintf("i%d", i))
	}
	for i := range 5 {
		context = append(context, fmt.Sprintf("i%d", 300+i))
	}
	for name, request := range map[string]*fallbackv1.SuggestRequest{
		"200":                     {Count: 200, Segment: "heavy"},
		"200/context=5":           {Count: 200, Segment: "heavy", ContextItemIds: context},
		"200/exclude=200":         {Count: 200, Segment: "heavy", ExcludeItemIds: exclude},
		"2000/context=5,excl=200": {Count: 2000, ContextItemIds: context, ExcludeItemIds: exclude},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := service.Suggest(b.Context(), request); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkBuild(b *testing.B) {
	var events []views.Event
	for i := range 100_000 {
		events = append(events, bought(fmt.Sprintf("u%d", i%4000), fmt.Sprintf("i%d", (i*7919)%3001), i%90))
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Build(b.Context(), BuildDefaults(), sequence(events...), bySuffix, now); err != nil {
			b.Fatal(err)
		}
	}
}
