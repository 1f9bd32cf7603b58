package gateway

import "testing"

// BenchmarkRecommend is a full answer among fakes that take no time, beside one from memory.
func BenchmarkRecommend(b *testing.B) {
	for _, level := range []string{"full", "memory"} {
		b.Run(level, func(b *testing.B) {
			m := newMesh(b)
			m.users.takes, m.ranker.takes, m.suggester.takes = 0, 0, 0
			m.remember(b)
			if level == "memory" {
				m.busy()
			}
			request := ask(10)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.service.Recommend(b.Context(), request); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
