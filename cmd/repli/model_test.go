package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
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
