// Package plan owns the compiled form of a ranking model: it turns a graph of package onnx into flat lists of instructions
// over memory that is planned beforehand. It computes what onnx.Graph.Run computes, and knows nothing of files.
//
// # How a model is compiled
//
// One dimension is symbolic: N, the number of candidates. Every value is classified: it is constant; or uniform, one for the
// whole request; or rowed, with one row (or some) for each candidate; or an extent, integers that depend on nothing but N, as
// Shape makes them. Shapes are learned by running the graph at a few N and are then a constant or a multiple of N.
//
// Where every operator that touches a rowed value treats rows independently of each other (rules.go), the model is cut into
// two lists: what is uniform runs once a call, what is rowed runs for blocks of candidates that stay in the first caches.
// Expanding a user's row to N rows costs nothing: it stays one row. A product of a concatenation is the sum of the products of
// its parts, so that the part of the user becomes a bias that is calculated once a call.
//
// A model with an operator that mixes candidates, such as attention among them, is run operator by operator over all of
// them, in the order of the graph.
//
// # Memory
//
// Buffers have offsets in a block of memory that one call holds at a time (frame.go); a value whose last reader has run
// gives its place to the next (buffers.go). A warm call allocates nothing.
package plan
