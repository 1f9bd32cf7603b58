// Package itemstest is a feature service for tests: its item streams say what the test tells them to, and rows are packed
// from maps.
package itemstest

import (
	"context"

	"google.golang.org/grpc"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
)

// Source hands every stream that is opened to the test.
type Source struct {
	// Opened yields the streams; a call of WatchItems waits until its stream is taken.
	Opened chan *Stream
}

// NewSource returns a source without streams.
func NewSource() *Source { return &Source{Opened: make(chan *Stream)} }

// WatchItems opens a stream.
func (s *Source) WatchItems(
	ctx context.Context, _ *featurev1.WatchItemsRequest, _ ...grpc.CallOption,
) (grpc.ServerStreamingClient[featurev1.WatchItemsResponse], error) {
	stream := &Stream{ctx: ctx, messages: make(chan *featurev1.WatchItemsResponse), broken: make(chan error, 1)}
	select {
	case s.Opened <- stream:
		return stream, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Stream is one stream.
type Stream struct {
	grpc.ClientStream
	ctx      context.Context //nolint:containedctx // a stream lives as long as its call
	messages chan *featurev1.WatchItemsResponse
	broken   chan error
}

// Recv returns the next message that the test sends, the error that it breaks the stream with, or the call's.
func (s *Stream) Recv() (*featurev1.WatchItemsResponse, error) {
	select {
	case message := <-s.messages:
		return message, nil
	case err := <-s.broken:
		return nil, err
	case <-s.ctx.Done():
		return nil, s.ctx.Err()
	}
}

// Send has the messages received. It returns false when the receiver hung up before it took them all.
func (s *Stream) Send(messages ...*featurev1.WatchItemsResponse) bool {
	for _, message := range messages {
		select {
		case s.messages <- message:
		case <-s.ctx.Done():
			return false
		}
	}
	return true
}

// Break ends the stream with an error.
func (s *Stream) Break(err error) { s.broken <- err }

// Done is closed when the receiver has hung up.
func (s *Stream) Done() <-chan struct{} { return s.ctx.Done() }
