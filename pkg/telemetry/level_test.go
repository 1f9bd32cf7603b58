package telemetry

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// turn sends a request to the page of the level.
func turn(t *testing.T, telemetry *Telemetry, method, body string) *httptest.ResponseRecorder {
	t.Helper()
	recorder := httptest.NewRecorder()
	telemetry.LevelPage().ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), method, "/loglevel", strings.NewReader(body)))
	return recorder
}

func TestTheLevelIsSwitchedAtRunTime(t *testing.T) {
	t.Parallel()
	var logs bytes.Buffer
	telemetry := begin(t, Defaults(), "switched", &logs)
	defer end(t, telemetry)
	if got := turn(t, telemetry, http.MethodGet, "").Body.String(); got != "info\n" {
		t.Errorf("GET says %q", got)
	}
	for i, c := range []struct{ body, want string }{
		{"debug\n", `"from":"info","to":"debug"`}, {" ERROR ", `"from":"debug","to":"error"`}, {"warn", `"from":"error","to":"warn"`},
	} {
		logs.Reset()
		got := turn(t, telemetry, http.MethodPut, c.body)
		if level := strings.ToLower(strings.TrimSpace(c.body)); got.Code != http.StatusOK || got.Body.String() != level+"\n" {
			t.Errorf("%d: %d %s", i, got.Code, got.Body)
		}
		if !strings.Contains(logs.String(), `"msg":"log level changed"`) || !strings.Contains(logs.String(), c.want) {
			t.Errorf("%d: logged %s, want %s", i, &logs, c.want)
		}
	}
	if logger := telemetry.Signals().Logger; logger.Enabled(t.Context(), slog.LevelInfo) || !logger.Enabled(t.Context(), slog.LevelWarn) {
		t.Error("the level is not warn")
	}
}

func TestALevelThatIsNoneChangesNothing(t *testing.T) {
	t.Parallel()
	telemetry := begin(t, Defaults(), "unswitched", new(bytes.Buffer))
	defer end(t, telemetry)
	for _, c := range []struct {
		method, body, want string
		code               int
	}{
		{http.MethodPut, "loud", `the level is "loud", expected debug, info, warn or error`, http.StatusBadRequest},
		{http.MethodPut, "", `the level is "", expected debug`, http.StatusBadRequest},
		{http.MethodPut, strings.Repeat("d", 1000), "the body cannot be read, expected debug", http.StatusBadRequest},
		{http.MethodPost, "debug", "the method is POST, expected GET or PUT", http.StatusMethodNotAllowed},
		{http.MethodDelete, "", "the method is DELETE", http.StatusMethodNotAllowed},
	} {
		got := turn(t, telemetry, c.method, c.body)
		if got.Code != c.code || !strings.Contains(got.Body.String(), c.want) || telemetry.level.Level() != slog.LevelInfo {
			t.Errorf("%s %.9q: %d %s", c.method, c.body, got.Code, got.Body)
		}
	}
}
