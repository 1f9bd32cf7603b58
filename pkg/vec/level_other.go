//go:build !amd64

package vec

func best() *table { return &portable }
