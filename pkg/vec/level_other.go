//go:build !amd64 && !arm64

package vec

func levels() []*table { return []*table{&portable} }
