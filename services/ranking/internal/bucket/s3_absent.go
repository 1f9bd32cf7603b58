//go:build !s3

package bucket

import (
	"context"
	"errors"
)

// Open says that this build has no S3.
func Open(context.Context, string) (Store, error) {
	return nil, errors.New("this build has no S3: build with -tags s3 (make build-s3), or name a folder of a mounted volume")
}
