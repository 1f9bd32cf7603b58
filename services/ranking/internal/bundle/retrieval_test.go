package bundle

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/repli-mesh/repli/services/ranking/internal/onnxtest"
)

// withRetrieval opens the tiny bundle with a retrieval of the given JSON.
func withRetrieval(t *testing.T, retrieval string) (*Bundle, error) {
	t.Helper()
	manifest := strings.Replace(onnxtest.TinyManifest, `"metrics"`, `"retrieval": `+retrieval+`, "metrics"`, 1)
	return Open(t.Context(), fstest.MapFS{
		"manifest.json": {Data: []byte(manifest)}, "model.onnx": {Data: onnxtest.Tiny("Identity").Encode()},
	}, 1<<20)
}

func TestRetrieval(t *testing.T) {
	t.Parallel()
	b, err := withRetrieval(t, `{"user": ["u_a", "u_z"], "item": ["i_a", "i_z"], "available": "stock", "count": 50}`)
	if err != nil {
		t.Fatal(err)
	}
	if r := b.Retrieval; r == nil || r.User[1] != "u_z" || r.Item[0] != "i_a" || r.Count != 50 {
		t.Errorf("retrieval is %+v", b.Retrieval)
	}
	for name, want := range map[string]bool{"i_z": true, "stock": true, "u_z": false, "i_b": true, "": false} {
		if b.Wants(name) != want {
			t.Errorf("Wants(%q) is %v", name, !want)
		}
	}
	if b, err := withRetrieval(t, "null"); err != nil || b.Retrieval != nil || b.Wants("i_z") {
		t.Errorf("null gave %+v, %v", b, err)
	}
}

func TestRetrievalIsChecked(t *testing.T) {
	t.Parallel()
	for retrieval, want := range map[string]string{
		`{}`: "retrieval.user: names 0 columns, expected 1 to 1024",
		`{"user": ["a"], "item": ["b", "c"], "count": 1}`:                                             "retrieval.item: names 2 columns, expected as many as retrieval.user, 1",
		`{"user": ["a", "a"], "item": ["b", "c"], "count": 1}`:                                        `retrieval.user[1]: "a" is there twice`,
		`{"user": ["a", "b"], "item": ["b", ""], "count": 1}`:                                         "retrieval.item[1]: has 0 bytes, expected 1 to 128",
		`{"user": ["a"], "item": ["b"], "count": 0}`:                                                  "retrieval.count: is 0, expected 1 to 1000",
		`{"user": ["a"], "item": ["b"], "count": 1001}`:                                               "retrieval.count: is 1001, expected 1 to 1000",
		`{"user": ["a"], "item": ["b"], "count": 1, "available": "` + strings.Repeat("x", 129) + `"}`: "retrieval.available: has 129 bytes",
		`["a"]`: "json",
	} {
		if _, err := withRetrieval(t, retrieval); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gave %v, want %s", retrieval, err, want)
		}
	}
}
