package redis

import (
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
)

// stream is a connection on which a text arrives.
type stream struct {
	net.Conn
	io.Reader
}

func (s stream) Read(p []byte) (int, error) { return s.Reader.Read(p) }

func TestGuardLetsAnswersThroughAndNothingElse(t *testing.T) {
	t.Parallel()
	for text, sound := range map[string]bool{
		"+OK\r\n-ERR " + strings.Repeat("x", 100) + "\r\n:12\r\n$-1\r\n*-1\r\n*0\r\n": true,
		"*3\r\n$4\r\n\r\n$9\r\n*1\r\n:7\r\n$0\r\n\r\n+PONG\r\n":                       true,
		"*2\r\n$1\r\na\r\n$100000000000000000\r\n":                                    false,
		"*1000000000\r\n":      false,
		"$600000000\r\n":       false,
		"$-2\r\n":              false,
		"$1x\r\n":              false,
		"\r\n":                 false,
		"HTTP/1.1 400\r\n":     false,
		"$1\r\nabc\r\n+OK\r\n": false, // longer than it said
	} {
		for name, reader := range map[string]io.Reader{
			"at once":      strings.NewReader(text),
			"byte by byte": iotest.OneByteReader(strings.NewReader(text)),
		} {
			got, err := io.ReadAll(&guard{Conn: stream{Reader: reader}})
			if sound && (err != nil || string(got) != text) {
				t.Errorf("%q, %s: %q, %v", text, name, got, err)
			}
			if !sound && err != errGarbled { //nolint:errorlint // it is the reader's own
				t.Errorf("%q, %s: error %v", text, name, err)
			}
		}
	}
}

func FuzzGuard(f *testing.F) {
	f.Add("*2\r\n$1\r\na\r\n:1\r\n", 3)
	f.Fuzz(func(t *testing.T, text string, cut int) {
		whole, parts := &guard{}, &guard{}
		cut = min(max(cut, 0), len(text))
		if a, b := whole.sound([]byte(text)), parts.sound([]byte(text[:cut])) && parts.sound([]byte(text[cut:])); a != b {
			t.Fatalf("%q: %v as a whole, %v cut at %d", text, a, b, cut)
		}
	})
}
