// Package onnx owns ONNX models: it loads a file into a Graph and runs the graph on float32, int64 and bool tensors.
// Doubles are rounded to float32 and int32 is kept in int64; constants may be float16 or bfloat16.
// It knows nothing of users, items or features, and no other package may read ONNX bytes.
//
// It decodes the protobuf messages itself, field by field (wire*.go, attribute.go): that keeps the memory of a load within
// a small multiple of the file, and a malformed file an error with a place in it.
//
// # What Load guarantees
//
// Every operator is known, every attribute is understood, every value has one producer and one dtype, there is no
// cycle, every tensor is as long as it says and trees are trees. What depends on the shapes of the inputs is checked
// by Run. Neither panics on any file or input.
package onnx
