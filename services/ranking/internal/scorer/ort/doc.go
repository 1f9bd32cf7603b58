// Package ort is the scorer on onnxruntime, for whoever wants it: it needs a build with the tag ort, and the shared library.
package ort
