package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
)

func TestModelCommands(t *testing.T) {
	t.Parallel()
	const mlp, dcn = "../../demo/bundles/mlp", "../../demo/bundles/dcn"
	for name, c := range map[string]struct {
		args []string
		code int
		want string // in stdout, or in stderr where the code is not 0
	}{
		"validate":             {[]string{"validate", mlp}, 0, "\ncases=6 max_abs_err="},
		"too far":              {[]string{"validate", mlp, "--tolerance", "1e-30"}, failed, "tolerance 1e-30"},
		"tolerance":            {[]string{"validate", mlp, "--tolerance", "-1"}, misused, "--tolerance: is -1"},
		"engine":               {[]string{"validate", mlp, "--engine", "magic"}, misused, `--engine: is "magic", expected plan or ort`},
		"library":              {[]string{"validate", mlp, "--engine", "ort"}, misused, "--onnxruntime: is empty"},
		"no folder":            {[]string{"validate", "nowhere"}, misused, "nowhere"},
		"no bundle":            {[]string{"validate", "."}, misused, "manifest.json"},
		"no argument":          {[]string{"validate"}, misused, "0 arguments, expected 1"},
		"inspect":              {[]string{"inspect", dcn}, 0, "in blocks of candidates"},
		"bench":                {[]string{"bench", mlp, "--candidates", "3", "--calls", "2"}, 0, "us a candidate"},
		"bench of nothing":     {[]string{"bench", mlp, "--calls", "0"}, misused, "expected 1 to 100000"},
		"same":                 {[]string{"diff", mlp, mlp}, 0, "max_abs_diff=0 mean_abs_diff=0 top10_in_common=10"},
		"different inputs":     {[]string{"diff", mlp, dcn}, misused, "do not have the same inputs"},
		"diff of one":          {[]string{"diff", mlp}, misused, "1 arguments, expected 2"},
		"diff of none at all":  {[]string{"diff", mlp, mlp, "--candidates", "0"}, misused, "--candidates: is 0"},
		"list of nobody":       {[]string{"list", "--address", "127.0.0.1:1"}, failed, "127.0.0.1:1: Unavailable"},
		"list of no address":   {[]string{"list", "--address", "ftp://x"}, misused, `--address: is "ftp://x", expected host:port`},
		"list in no time":      {[]string{"list", "--timeout", "0s"}, misused, "--timeout: is 0s, expected more than 0s"},
		"help without command": {nil, 0, "validate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			code := run(context.Background(), append([]string{"model"}, c.args...), &stdout, &stderr)
			text := stdout.String()
			if c.code != 0 {
				text = stderr.String()
			}
			if code != c.code || !strings.Contains(text, c.want) {
				t.Errorf("exit code %d, %q and %q; expected %d and %q", code, &stdout, &stderr, c.code, c.want)
			}
		})
	}
}

func TestModelsAreListedInColumns(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := printModels(&out, &rankingv1.ListModelsResponse{Models: []*rankingv1.RegisteredModel{
		{
			Folder: "3", States: []rankingv1.ModelState{rankingv1.ModelState_MODEL_STATE_REFUSED},
			RefusedReason: "manifest.json: broken\nmodel.onnx: broken",
		},
		{
			Folder: "2", Name: "mlp", Version: "v2", Engine: "plan", Sha256: strings.Repeat("ab", 32), CanaryPercent: 12.5,
			States:    []rankingv1.ModelState{rankingv1.ModelState_MODEL_STATE_PREVIOUS, rankingv1.ModelState_MODEL_STATE_CANARY},
			TrainedAt: timestamppb.New(time.Date(2025, 11, 3, 0, 0, 0, 0, time.UTC)),
		},
	}}); err != nil {
		t.Fatal(err)
	}
	const want = `VERSION  STATE                   MODEL   TRAINED               ENGINE  SHA256
3        refused                 -       -                     -       -
2        previous, canary 12.5%  mlp/v2  2025-11-03T00:00:00Z  plan    abababababab
3 is refused: manifest.json: broken
  model.onnx: broken
`
	if out.String() != want {
		t.Errorf("printed\n%s\nexpected\n%s", &out, want)
	}
}
