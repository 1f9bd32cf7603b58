package rpc

import (
	"strings"

	"google.golang.org/grpc/encoding"
	codecs "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/repli-mesh/repli/pkg/fault"
)

// gRPC answers INTERNAL when a request cannot be decoded, before any interceptor sees it. So servers decode into an
// incoming, which takes the error along, and decode turns it into INVALID_ARGUMENT.

// incoming is a message to decode into, and what came of it.
type incoming struct {
	message any
	err     error
}

// codec is gRPC's own codec for protobuf, which also knows incoming.
type codec struct {
	encoding.CodecV2
}

func newCodec() codec {
	return codec{encoding.GetCodecV2(codecs.Name)} // the import of its package registers it
}

// Unmarshal decodes; for an incoming it succeeds always.
func (c codec) Unmarshal(data mem.BufferSlice, into any) error {
	in, ok := into.(*incoming)
	if !ok {
		return c.CodecV2.Unmarshal(data, into)
	}
	if in.err = c.CodecV2.Unmarshal(data, in.message); in.err != nil {
		in.err = again(data, in.message, in.err)
	}
	return nil
}

// again decodes once more by reflection, for the sake of the error: the fast way does not name the field of a text that is
// no UTF-8.
func again(data mem.BufferSlice, message any, err error) error {
	described, ok := message.(proto.Message)
	if !ok {
		return err
	}
	slow := dynamicpb.NewMessage(described.ProtoReflect().Descriptor())
	if named := proto.Unmarshal(data.Materialize(), slow); named != nil {
		return named
	}
	return err
}

// decode receives one message. Bytes that are no such message are a fault of the caller; the text names the field, where
// the decoder does, and never its value.
func decode(receive func(any) error, message any) error {
	in := incoming{message: message}
	if err := receive(&in); err != nil {
		return err
	}
	if in.err != nil {
		// The decoder writes a space or a no-break space by chance, so that nobody relies on its texts.
		text := strings.ReplaceAll(in.err.Error(), "\u00a0", " ")
		return fault.New(fault.InvalidArgument, "MALFORMED_REQUEST", "the request cannot be decoded: %s", text)
	}
	return nil
}
