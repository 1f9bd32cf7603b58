package gateway

import (
	"fmt"
	"testing"
	"testing/synctest"
)

func TestAffinityIsTheUsersAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, request := newMesh(t), ask(3)
		m.recommend(t, 50*ms, request)
		first := m.ranker.last.GetAffinity()
		request.Placement, request.Count = "cart", 5
		m.recommend(t, 50*ms, request)
		if again := m.ranker.last.GetAffinity(); first != again || first != affinity("u1") {
			t.Errorf("the user's group is %d, then %d, expected %d", first, again, affinity("u1"))
		}
		request.UserId = "u2"
		m.recommend(t, 50*ms, request)
		if other := m.ranker.last.GetAffinity(); other == first {
			t.Errorf("u1 and u2 are both in group %d", first)
		}
	})
}

// Users are spread evenly: as many in each sixteenth of the groups, and many users in one group.
func TestAffinityIsEvenAndShared(t *testing.T) {
	const users = 160_000
	groups, parts := map[uint32]int{}, [16]int{}
	for i := range users {
		group := affinity(fmt.Sprintf("u%05d", i))
		if group < 1 || group > 65536 {
			t.Fatalf("user %d is in group %d, expected 1 to 65536", i, group)
		}
		groups[group]++
		parts[(group-1)/4096]++
	}
	for i, n := range parts {
		if n < users/16*9/10 || n > users/16*11/10 {
			t.Errorf("%d of %d users are in sixteenth %d", n, users, i)
		}
	}
	if len(groups) > 65536 || len(groups) < 30_000 {
		t.Errorf("%d users are in %d groups", users, len(groups))
	}
}
