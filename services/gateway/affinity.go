package gateway

// affinity is the group of a user that the ranker chooses a canary's users by: 1 to 65,536, the same at every request and in
// every gateway. It is a folded FNV-1a hash, which many users share and nobody is found by.
func affinity(user string) uint32 {
	hash := uint32(2166136261)
	for i := range len(user) {
		hash = (hash ^ uint32(user[i])) * 16777619
	}
	return (hash>>16 ^ hash&0xffff) + 1
}
