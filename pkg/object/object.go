// Package object owns copies of single files between buckets and local folders, for programs that read and write local files
// only. It does not look into them.
package object

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/s3blob" // s3://
)

// scheme is that of files in buckets.
const scheme = "s3://"

// Place is a file: a local path, or s3://BUCKET/KEY. Region, endpoint and the like may be given in the query of the address, as
// gocloud.dev/blob/s3blob takes them; credentials may not: they are the environment's, or those of the pod's role.
type Place string

// Validate returns an error that does not repeat an address that may hold a secret.
func (p Place) Validate() error {
	if p == "" {
		return errors.New("is empty, expected a path or s3://BUCKET/KEY")
	}
	if !p.remote() {
		if other, _, ok := strings.Cut(string(p), "://"); ok {
			return fmt.Errorf("is %s://..., expected a path or s3://BUCKET/KEY", other)
		}
		return nil
	}
	u, err := url.Parse(string(p))
	if err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") == "" || strings.HasSuffix(u.Path, "/") ||
		named(u.RawQuery) {
		return errors.New("is s3://..., expected s3://BUCKET/KEY without credentials, which are the environment's or those of the pod's role")
	}
	return nil
}

// named says whether a query may name somebody, as the address of an endpoint can: errors of gocloud.dev repeat all of it.
func named(query string) bool {
	text, err := url.QueryUnescape(query)
	return err != nil || strings.Contains(text, "@")
}

func (p Place) remote() bool { return strings.HasPrefix(string(p), scheme) }

// bucket opens the bucket of a remote place, and returns the key in it.
func (p Place) bucket(ctx context.Context) (*blob.Bucket, string, error) {
	u, err := url.Parse(string(p))
	if err != nil {
		return nil, "", p.Validate()
	}
	key := strings.Trim(u.Path, "/")
	u.Path = ""
	b, err := blob.OpenBucket(ctx, u.String())
	if err != nil {
		return nil, "", fmt.Errorf("open the bucket: %w", err)
	}
	return b, key, nil
}

// version tells one content of a file from the next; "" where there is no telling.
func (p Place) version(ctx context.Context) (version string, err error) {
	if !p.remote() {
		info, err := os.Stat(string(p))
		if err != nil {
			return "", err
		}
		return fmt.Sprint(info.Size(), info.ModTime().UnixNano()), nil
	}
	b, key, err := p.bucket(ctx)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	attributes, err := b.Attributes(ctx, key)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(attributes.ETag, attributes.Size, attributes.ModTime.UnixNano()), nil
}

// read opens the content. Closing it closes the bucket, too.
func (p Place) read(ctx context.Context) (io.ReadCloser, error) {
	if !p.remote() {
		return os.Open(string(p))
	}
	b, key, err := p.bucket(ctx)
	if err != nil {
		return nil, err
	}
	content, err := b.NewReader(ctx, key, nil)
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return reading{content, b}, nil
}

// reading closes what it was opened from.
type reading struct {
	io.ReadCloser
	from io.Closer
}

func (r reading) Close() error { return errors.Join(r.ReadCloser.Close(), r.from.Close()) }

// Copy copies a file and returns how many bytes it has. What was at the destination is replaced as a whole, or not at all.
func Copy(ctx context.Context, from, to Place) (size int64, err error) {
	content, err := from.read(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	if to.remote() {
		return to.upload(ctx, content)
	}
	return to.replace(content)
}

// upload writes an object, which is there once all of it is.
func (p Place) upload(ctx context.Context, content io.Reader) (size int64, err error) {
	b, key, err := p.bucket(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // before Close, it gives the object up
	w, err := b.NewWriter(ctx, key, nil)
	if err != nil {
		return 0, err
	}
	if size, err = io.Copy(w, content); err != nil {
		cancel()
		return 0, errors.Join(err, w.Close())
	}
	return size, w.Close()
}

// replace writes a file beside the old one, and takes its name.
func (p Place) replace(content io.Reader) (size int64, err error) {
	folder, name := filepath.Split(string(p))
	if folder != "" {
		if err := os.MkdirAll(folder, 0o750); err != nil {
			return 0, err
		}
	}
	temp, err := os.CreateTemp(filepath.Clean(folder), "."+name+".*")
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temp.Name()))
		}
	}()
	size, err = io.Copy(temp, content)
	if err == nil {
		err = temp.Chmod(0o644)
	}
	if err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err != nil {
		return 0, err
	}
	return size, os.Rename(temp.Name(), string(p))
}

// Follow copies a file whenever it has changed, and looks for that at once and then every so often, until ctx is done. It tells
// of each copy and of each failure, after which the copy that there is stays.
func Follow(ctx context.Context, from, to Place, every time.Duration, tell func(size int64, err error)) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	last := ""
	for {
		version, err := from.version(ctx)
		if err == nil && version != last {
			var size int64
			if size, err = Copy(ctx, from, to); err == nil {
				last = version
				tell(size, nil)
			}
		}
		if err != nil && ctx.Err() == nil {
			tell(0, err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
