// Package ort owns onnxruntime: an optional engine, and what the tests and benchmarks of package onnx are held against. It is
// in builds with the tag ort alone, which need cgo; the shared library is loaded at run time, from a path.
package ort
