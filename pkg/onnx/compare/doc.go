// Package compare holds the ONNX engine against onnxruntime: it makes graphs at random, as exporters of rankers shape them,
// and runs both engines on them. It needs the build tag ort; see make test-ort and make fuzz-onnx.
package compare
