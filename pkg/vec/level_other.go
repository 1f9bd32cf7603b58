//go:build !amd64

package vec

func levels() []*table { return []*table{&portable} }
