package telemetry

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
)

// longestLevel is more than the name of a level can have.
const longestLevel = 64

// LevelPage serves the level of logs: GET shows it, and PUT with a level as its body (debug, info, warn or error) changes it
// until the process ends or it is changed again. It does not expire: what a level may write is bounded by the limit of each
// message.
func (t *Telemetry) LevelPage() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodGet, http.MethodHead:
		case http.MethodPut:
			body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, longestLevel))
			if err != nil {
				http.Error(w, fmt.Sprintf("the body cannot be read, expected debug, info, warn or error: %v", err), http.StatusBadRequest)
				return
			}
			text := strings.TrimSpace(string(body))
			level, err := parseLevel(text)
			if err != nil {
				http.Error(w, fmt.Sprintf("the level is %q, expected debug, info, warn or error", text), http.StatusBadRequest)
				return
			}
			t.change(r, level)
		default:
			w.Header().Set("Allow", "GET, HEAD, PUT")
			http.Error(w, fmt.Sprintf("the method is %s, expected GET or PUT", r.Method), http.StatusMethodNotAllowed)
			return
		}
		_, _ = fmt.Fprintln(w, strings.ToLower(t.level.Level().String()))
	})
}

// change sets the level and says so, at whichever of the two levels lets that through.
func (t *Telemetry) change(r *http.Request, level slog.Level) {
	old := t.level.Level()
	t.level.Set(min(old, level))
	t.logger.LogAttrs(r.Context(), slog.LevelWarn, "log level changed",
		slog.String("from", strings.ToLower(old.String())), slog.String("to", strings.ToLower(level.String())))
	t.SetLevel(level)
}
