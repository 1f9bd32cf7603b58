package onnxtest

import "testing/fstest"

// Tiny is a model whose scores can be worked out by hand:
//
//	score = u_a + 10 u_b + i_a + 2 i_b + 4 i_c + 100 place + 1000 boost
//
// user is [1,2], items [N,4] with the request's boost in its last column, place an int64 [N] that defaults to 7. With
// "Log" as the last operator a score below 0 is NaN; with "Identity" it is what it is. The user's features default to 1
// and 0; of the items' only i_c has a default, 0.5.
func Tiny(last string) Model {
	return Model{
		Inputs: []Value{{"user", Float32, []int{1, 2}}, {"items", Float32, []int{-1, 4}}, {"place", Int64, []int{-1}}},
		Constants: []Constant{
			{Name: "wu", Shape: []int{2, 1}, Floats: []float32{1, 10}},
			{Name: "wi", Shape: []int{4, 1}, Floats: []float32{1, 2, 4, 1000}},
			{Name: "hundred", Shape: []int{1}, Floats: []float32{100}},
			{Name: "flat", Shape: []int{1}, Ints: []int64{-1}},
		},
		Nodes: []Node{
			{Op: "MatMul", Inputs: []string{"user", "wu"}, Outputs: []string{"u"}},
			{Op: "MatMul", Inputs: []string{"items", "wi"}, Outputs: []string{"i"}},
			{Op: "Add", Inputs: []string{"i", "u"}, Outputs: []string{"column"}},
			{Op: "Reshape", Inputs: []string{"column", "flat"}, Outputs: []string{"sum"}},
			{Op: "Cast", Inputs: []string{"place"}, Outputs: []string{"at"}, Attributes: map[string]int64{"to": Float32}},
			{Op: "Mul", Inputs: []string{"at", "hundred"}, Outputs: []string{"placed"}},
			{Op: "Add", Inputs: []string{"sum", "placed"}, Outputs: []string{"total"}},
			{Op: last, Inputs: []string{"total"}, Outputs: []string{"score"}},
		},
		Outputs: []Value{{"score", Float32, []int{-1}}},
	}
}

// TinyManifest is the manifest of Tiny.
const TinyManifest = `{
  "name": "tiny", "version": "1", "file": "model.onnx", "trained_at": "2024-02-03T04:05:06Z",
  "inputs": [
    {"name": "user", "dtype": "float32", "shape": [1, 2], "features": [
      {"name": "u_a", "default": 1}, {"name": "u_b", "default": 0}]},
    {"name": "items", "dtype": "float32", "shape": ["N", 4], "features": [
      {"name": "i_a"}, {"name": "i_b"}, {"name": "i_c", "default": 0.5}, {"name": "boost", "default": 0}]},
    {"name": "place", "dtype": "int64", "shape": ["N"], "features": [{"name": "place", "default": 7}]}
  ],
  "output": {"name": "score", "dtype": "float32", "shape": ["N"], "scale": [0, 1000]},
  "metrics": {"anything": true}
}`

// Folder returns a bundle's folder.
func Folder(manifest string, model []byte) fstest.MapFS {
	return fstest.MapFS{"manifest.json": {Data: []byte(manifest)}, "model.onnx": {Data: model}}
}
