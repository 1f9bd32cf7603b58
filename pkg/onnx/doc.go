// Package onnx owns ONNX models: it loads a file into a Graph and runs the graph on float32, int64 and bool tensors.
// It knows nothing of users, items or features, and no other package may import the decoder or read ONNX bytes.
//
// # What decodes what
//
// github.com/owulveryck/onnx-go decodes the graph: it parses the operators and their attributes (numbers, texts and lists
// of them), gives every value a node and connects them, in the backend of this package (backend.go). It hands over neither
// operator set versions, domains and names of operators, nor symbolic dimensions. It allocates tensors as large as a
// file declares inputs to be, panics on an initialiser whose length differs from its shape, misreads raw bools, fails on
// an empty tensor, ignores sparse and external initialisers, and follows nested messages as deep as they go.
// So the package reads those parts itself, straight from the wire (wire.go, wiretensor.go): versions, domains, names,
// declared types and shapes, initialisers and attributes that are tensors. What onnx-go gets (slim.go) is the same graph
// without them, so that it only decodes what it decodes well and what is bounded by the size of the file.
//
// # What Load guarantees
//
// Every operator is known, every attribute is understood, every value has one producer and one dtype, there is no
// cycle, every tensor is as long as it says and trees are trees. What depends on the shapes of the inputs is checked
// by Run. Neither panics on any file or input.
package onnx
