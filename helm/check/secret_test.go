//go:build chart

package check

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// cluster is as much of an API server as helm asks for Secrets: the namespace shop with some, whose users may look at nothing else.
// Without any, the namespace is not there yet, and whoever asks may make it.
func cluster(t *testing.T, secrets map[string]map[string]string) string {
	t.Helper()
	resource := func(name, kind string) map[string]any {
		return map[string]any{"name": name, "kind": kind, "namespaced": kind != "Namespace", "verbs": []string{"get", "list"}}
	}
	answers := map[string]any{
		"/version": map[string]string{"major": "1", "minor": "36", "gitVersion": "v" + version},
		"/api":     map[string]any{"kind": "APIVersions", "versions": []string{"v1"}},
		"/apis":    map[string]any{"kind": "APIGroupList", "apiVersion": "v1", "groups": []any{}},
		"/api/v1": map[string]any{"kind": "APIResourceList", "groupVersion": "v1", "resources": []any{
			resource("secrets", "Secret"), resource("serviceaccounts", "ServiceAccount"), resource("namespaces", "Namespace"),
		}},
	}
	if secrets == nil {
		answers["/api/v1/namespaces/kube-system"] = map[string]any{
			"kind": "Namespace", "apiVersion": "v1", "metadata": map[string]string{"name": "kube-system"},
		}
	} else {
		answers["/api/v1/namespaces/shop/serviceaccounts/default"] = map[string]any{
			"kind": "ServiceAccount", "apiVersion": "v1", "metadata": map[string]string{"name": "default", "namespace": "shop"},
		}
	}
	for name, data := range secrets {
		answers["/api/v1/namespaces/shop/secrets/"+name] = map[string]any{
			"kind": "Secret", "apiVersion": "v1", "metadata": map[string]string{"name": name, "namespace": "shop"}, "data": data,
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		answer, ok := answers[r.URL.Path]
		if !ok {
			code, reason := http.StatusNotFound, "NotFound"
			if secrets != nil && !strings.HasPrefix(r.URL.Path, "/api/v1/namespaces/shop/") {
				code, reason = http.StatusForbidden, "Forbidden"
			}
			w.WriteHeader(code)
			answer = map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code}
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestSecretsThatAreNotThereAreNamed asks a cluster that has the Secrets, some of them, or others.
func TestSecretsThatAreNotThereAreNamed(t *testing.T) {
	t.Parallel()
	password, authority := map[string]string{"password": "aHVzaA=="}, map[string]string{"ca.crt": "cGVt"}
	registry, older := map[string]string{".dockerconfigjson": "e30="}, map[string]string{".dockercfg": "e30="}
	for name, c := range map[string]struct {
		secrets map[string]map[string]string
		want    string // "" where the values are sound
	}{
		"all there":    {map[string]map[string]string{"our-redis": password, "our-ca": authority, "ours": registry}, ""},
		"of old form":  {map[string]map[string]string{"our-redis": password, "our-ca": authority, "ours": older}, ""},
		"no namespace": {nil, `redis.existingSecret: is "our-redis", expected the name of a Secret in the namespace "shop": there is none`},
		"no registry": {
			map[string]map[string]string{"our-redis": password, "our-ca": authority},
			`imagePullSecrets[0]: is "ours", expected the name of a Secret in the namespace "shop": there is none`,
		},
		"another kind": {
			map[string]map[string]string{"our-redis": password, "our-ca": authority, "ours": password},
			`imagePullSecrets[0]: the Secret "ours" has no key ".dockerconfigjson or .dockercfg"`,
		},
		"no password":  {map[string]map[string]string{"our-ca": authority}, `redis.existingSecret: is "our-redis", expected the name of a Secret in the namespace "shop": there is none`},
		"no authority": {map[string]map[string]string{"our-redis": password}, `redis.tls.caSecret: is "our-ca", expected the name of a Secret`},
		"no such key": {
			map[string]map[string]string{"our-redis": {"pass": "aHVzaA=="}, "our-ca": authority},
			`redis.existingSecret: the Secret "our-redis" has no key "password"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append(template(sets["bucket"]...), "--set", "imagePullSecrets={ours}", "--dry-run=server", "--kube-apiserver", cluster(t, c.secrets))
			stdout, stderr, err := helm(t, args...)
			if (err == nil) != (c.want == "") || !strings.Contains(stderr, c.want) {
				t.Errorf("%v, %q, expected %q", err, stderr, c.want)
			}
			if strings.Contains(stdout+stderr, "hush") || strings.Contains(stdout+stderr, "aHVzaA==") {
				t.Error("what is in a Secret is told")
			}
		})
	}
}
