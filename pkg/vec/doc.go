// Package vec owns loops over slices of float32 (and int8 products): the numeric floor of the ONNX engine and of retrieval.
// It knows nothing of models or items. Slices of one call are equally long unless a function says otherwise; a destination may
// be exactly one of its sources, but must not overlap one in another way. Nothing allocates. All functions are safe for
// concurrent use on different memory.
package vec
