package telemetry_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"github.com/repli-mesh/repli/pkg/telemetry"
)

// authority is a certificate of its own for 127.0.0.1, as a server's and a client's, in memory and in files.
type authority struct {
	certificate tls.Certificate
	pool        *x509.CertPool
	cert, key   string // paths
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "collector"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	a := authority{pool: x509.NewCertPool(), cert: filepath.Join(t.TempDir(), "cert.pem"), key: filepath.Join(t.TempDir(), "key.pem")}
	certText := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyText := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	a.pool.AppendCertsFromPEM(certText)
	if a.certificate, err = tls.X509KeyPair(certText, keyText); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string][]byte{a.cert: certText, a.key: keyText} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// collectSecurely starts the receiver behind TLS, where clients must show a certificate, and returns its address.
func collectSecurely(t *testing.T, r collector.TraceServiceServer, a authority) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(&tls.Config{ //nolint:forbidigo // the mesh's own servers have no TLS
		Certificates: []tls.Certificate{a.certificate}, ClientCAs: a.pool, ClientAuth: tls.RequireAndVerifyClientCert,
	})))
	collector.RegisterTraceServiceServer(server, r)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

func TestSpansLeaveEncrypted(t *testing.T) {
	a := newAuthority(t)
	r := &receiver{received: make(chan *collector.ExportTraceServiceRequest, 1)}
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "https://"+collectSecurely(t, r, a))
	t.Setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", a.cert)
	t.Setenv("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", a.cert)
	t.Setenv("OTEL_EXPORTER_OTLP_CLIENT_KEY", a.key)
	cfg := telemetry.Defaults()
	cfg.TraceRatio = 1
	set, err := telemetry.Setup(t.Context(), cfg, "gateway")
	if err != nil {
		t.Fatal(err)
	}
	spans(t, set, 1)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := set.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-r.received:
		if len(got.GetResourceSpans()) != 1 {
			t.Errorf("got %v", got)
		}
	default:
		t.Error("nothing came")
	}
}

// refusing is a collector that is there and takes nothing.
type refusing struct {
	collector.UnimplementedTraceServiceServer
	asked chan struct{}
	code  codes.Code
}

func (r *refusing) Register(registrar grpc.ServiceRegistrar) {
	collector.RegisterTraceServiceServer(registrar, r)
}

func (r *refusing) Export(context.Context, *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	select {
	case r.asked <- struct{}{}:
	default:
	}
	return nil, status.Error(r.code, "no")
}
