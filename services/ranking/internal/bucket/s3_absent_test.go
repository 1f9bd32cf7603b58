//go:build !s3

package bucket

import (
	"strings"
	"testing"
)

func TestABuildWithoutS3SaysSo(t *testing.T) {
	t.Parallel()
	if _, err := Open(t.Context(), "s3://models/shop"); err == nil || !strings.Contains(err.Error(), "build with -tags s3") {
		t.Errorf("error is %v", err)
	}
}
