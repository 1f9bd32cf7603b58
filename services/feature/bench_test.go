package feature

import (
	"testing"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/redistest"
)

func BenchmarkGetUser(b *testing.B) {
	for name, open := range map[string]func(*testing.B) Config{
		"memory": func(*testing.B) Config { return memoryConfig() },
		"redis":  func(b *testing.B) Config { return redisConfig(redistest.Start(b).Addr) },
	} {
		b.Run(name, func(b *testing.B) {
			s := newService(b, open(b))
			for view, v := range map[string]values{
				"user_stats": {"lines": num(1), "orders": whole(2)},
				"user_kind":  {"segment": text("early"), "picks": texts("i1", "i2")},
			} {
				request := &featurev1.WriteRowsRequest{View: view, Rows: []*featurev1.WriteRow{row("u", v)}}
				if _, err := s.WriteRows(b.Context(), request); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.GetUser(b.Context(), &featurev1.GetUserRequest{UserId: "u"}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
