package gateway

import (
	"os/exec"
	"strings"
	"testing"
)

// The gateway answers when stores and models are broken; it must not even contain them.
func TestGatewayHoldsNeitherONNXNorRedis(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	deps := strings.Fields(string(out))
	if len(deps) < 100 {
		t.Fatalf("go list named only %d packages", len(deps))
	}
	for _, dep := range deps {
		for _, banned := range []string{"onnx", "go-redis", "gorgonia", "repli/services/feature", "repli/services/ranking"} {
			if strings.Contains(dep, banned) {
				t.Errorf("the gateway depends on %s", dep)
			}
		}
	}
}
