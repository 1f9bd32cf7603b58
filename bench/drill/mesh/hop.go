package mesh

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// Hop is one connection of the mesh, through a proxy that can be made worse. Its methods are for one goroutine at a time.
type Hop struct {
	// Name is that of the service that is reached, such as "ranking@2" for the second gateway's.
	Name string

	proxy *toxiproxy.Proxy
	// real is where the service is when nothing takes its place.
	real string
}

// hops makes proxies.
type hops struct{ server *toxiproxy.ApiServer }

func newHops() hops {
	zerolog.SetGlobalLevel(zerolog.Disabled) // its bandwidth toxic logs past the logger that it is given
	return hops{toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())}
}

// open returns a hop on any free port.
func (h hops) open(name, upstream string) (*Hop, error) {
	proxy := toxiproxy.NewProxy(h.server, name, "127.0.0.1:0", upstream)
	if err := proxy.Start(); err != nil {
		return nil, fmt.Errorf("hop %s: %w", name, err)
	}
	return &Hop{Name: name, proxy: proxy, real: upstream}, nil
}

// Address is where clients connect to.
func (h *Hop) Address() string { return h.proxy.Listen }

// Lead moves the service to another address for good; connections break.
func (h *Hop) Lead(address string) error {
	h.real = address
	return h.Divert(address)
}

// Divert has something else answer until Restore; connections break.
func (h *Hop) Divert(address string) error {
	return h.proxy.Update(&toxiproxy.Proxy{Listen: h.proxy.Listen, Upstream: address, Enabled: true})
}

// Restore has the service itself answer again, on new connections. On one that it answers it changes nothing.
func (h *Hop) Restore() error { return h.Divert(h.real) }

// Cut refuses connections and breaks those that are there, until Restore.
func (h *Hop) Cut() { h.proxy.Stop() }

// Toxic is what is done to the bytes of a hop.
type Toxic struct {
	// Type is toxiproxy's name of it.
	Type string
	// Attributes are its settings.
	Attributes map[string]any
	// Toxicity is the share of connections that are hit; 0 only sets up the connections for it.
	Toxicity float32
}

// Poison puts a toxic on what the service sends. Its type names it: one of a type at a time.
func (h *Hop) Poison(t Toxic) error {
	text, err := json.Marshal(map[string]any{
		"type": t.Type, "name": t.Type, "stream": "downstream", "toxicity": t.Toxicity, "attributes": t.Attributes,
	})
	if err != nil {
		return err
	}
	if _, err := h.proxy.Toxics.AddToxicJson(strings.NewReader(string(text))); err != nil {
		return fmt.Errorf("hop %s: %s: %w", h.Name, t.Type, err)
	}
	return nil
}

// Cure takes a toxic away. Connections go on, except where the toxic itself has broken them.
func (h *Hop) Cure(ctx context.Context, kind string) error {
	if err := h.proxy.Toxics.RemoveToxic(ctx, kind); err != nil {
		return fmt.Errorf("hop %s: %s: %w", h.Name, kind, err)
	}
	return nil
}

// Reconnect breaks every connection, so that new ones are made.
func (h *Hop) Reconnect() error {
	h.Cut()
	return h.Restore()
}

// close ends the proxy.
func (h *Hop) close() { h.proxy.Stop() }
