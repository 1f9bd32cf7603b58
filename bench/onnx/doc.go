//go:build !ort

// Command onnx measures the engine of package plan beside onnxruntime; it needs the build tag ort. See make bench-onnx.
package main

import "fmt"

func main() {
	fmt.Println("this build has no onnxruntime: run make bench-onnx", len(attention())+len(tower()))
}
