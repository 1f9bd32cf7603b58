package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/s3blob" // s3://
)

// Open returns the folder of a bucket, s3://BUCKET/FOLDER. Region, endpoint and the like may be given in its query, as
// gocloud.dev/blob/s3blob takes them; credentials may not: they are the environment's, or those of the pod's role.
func Open(ctx context.Context, address string) (Store, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("expected s3://BUCKET/FOLDER") // the error of Parse would repeat what may be a secret
	}
	prefix := strings.Trim(u.Path, "/")
	u.Path = ""
	b, err := blob.OpenBucket(ctx, u.String())
	if err != nil {
		return nil, fmt.Errorf("open the bucket: %w", err)
	}
	if prefix != "" {
		b = blob.PrefixedBucket(b, prefix+"/")
	}
	return store{b}, nil
}

// store is a bucket of gocloud.dev.
type store struct{ bucket *blob.Bucket }

// List lists everything.
func (s store) List(ctx context.Context, each func(Object) error) error {
	objects := s.bucket.List(nil)
	for {
		o, err := objects.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := each(Object{Key: o.Key, Size: o.Size, ModTime: o.ModTime}); err != nil {
			return err
		}
	}
}

// Read reads an object.
func (s store) Read(ctx context.Context, key string) (io.ReadCloser, error) {
	return s.bucket.NewReader(ctx, key, nil)
}

// Close closes the bucket.
func (s store) Close() error { return s.bucket.Close() }
