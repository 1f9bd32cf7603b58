package rpc

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protowire"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
)

// post sends one gRPC call with a body and headers that no gRPC client would send, and returns its status.
func post(t *testing.T, addr, method, timeout string, message []byte) (codes.Code, string) {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	defer transport.CloseIdleConnections()

	body := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message)))
	request, err := http.NewRequestWithContext(soon(t), http.MethodPost, "http://"+addr+method, bytes.NewReader(append(body, message...)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/grpc")
	request.Header.Set("Te", "trailers")
	if timeout != "" {
		request.Header.Set("Grpc-Timeout", timeout)
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Fatal(err)
	}
	headers := response.Trailer
	if headers.Get("Grpc-Status") == "" {
		headers = response.Header // there was nothing but trailers
	}
	code, err := strconv.Atoi(headers.Get("Grpc-Status"))
	if err != nil {
		t.Fatalf("no status: %v %v", response.Header, response.Trailer)
	}
	text, err := url.PathUnescape(headers.Get("Grpc-Message"))
	if err != nil {
		t.Fatal(err)
	}
	return codes.Code(code), text
}

func TestBytesThatAreNoRequest(t *testing.T) {
	t.Parallel()
	server, _ := start(t, ServerDefaults(), testDeps(nil), &featureService{
		watchItems: func(grpc.ServerStreamingServer[featurev1.WatchItemsResponse]) error { return nil },
	})
	user := slices.Clip(protowire.AppendTag(nil, 1, protowire.BytesType))
	tests := map[string]struct {
		method  string
		message []byte
		code    codes.Code
		text    string
	}{
		"valid":               {"GetUser", protowire.AppendString(user, "alice"), codes.OK, ""},
		"invalid UTF-8":       {"GetUser", protowire.AppendString(user, "zzz\xff"), codes.InvalidArgument, "repli.feature.v1.GetUserRequest.user_id contains invalid UTF-8"},
		"cut off":             {"GetUser", user, codes.InvalidArgument, "cannot be decoded"},
		"no protobuf":         {"GetUser", []byte("{}"), codes.InvalidArgument, "cannot be decoded"},
		"nothing":             {"GetUser", nil, codes.InvalidArgument, "user_id"},
		"stream, no protobuf": {"WatchItems", []byte{0xff}, codes.InvalidArgument, "cannot be decoded"},
		"stream, valid":       {"WatchItems", nil, codes.OK, ""},
		"no such method":      {"Nothing", nil, codes.Unimplemented, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			code, text := post(t, server.Addr(), "/repli.feature.v1.FeatureService/"+test.method, "", test.message)
			if code != test.code || !strings.Contains(text, test.text) {
				t.Errorf("got %v %q, want %v %q", code, text, test.code, test.text)
			}
			if strings.Contains(text, "zzz") {
				t.Errorf("the text holds the value: %q", text)
			}
		})
	}
}

func TestTimeoutsThatNoClientSends(t *testing.T) {
	t.Parallel()
	server, _ := start(t, ServerDefaults(), testDeps(nil), &featureService{
		getUser: func(ctx context.Context, _ *featurev1.GetUserRequest) (*featurev1.GetUserResponse, error) {
			return &featurev1.GetUserResponse{}, ctx.Err()
		},
	})
	message := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "alice")
	for _, timeout := range []string{"0n", "0S", "-5m", "1", "x", "99999999999999999999H", "1n"} {
		t.Run(timeout, func(t *testing.T) {
			code, _ := post(t, server.Addr(), "/repli.feature.v1.FeatureService/GetUser", timeout, message)
			if code == codes.OK {
				t.Errorf("got %v, want an error", code)
			}
		})
	}
	if code, text := post(t, server.Addr(), "/repli.feature.v1.FeatureService/GetUser", "1M", message); code != codes.OK {
		t.Errorf("afterwards: got %v %q", code, text)
	}
}
