//go:build ort

package ort

import (
	"fmt"
	"slices"

	runtime "github.com/yalue/onnxruntime_go"

	"github.com/repli-mesh/repli/pkg/onnx"
)

// values copies tensors for onnxruntime; what was made before an error is returned too.
func values(tensors []onnx.Tensor) ([]runtime.Value, error) {
	list := make([]runtime.Value, 0, len(tensors))
	for i, t := range tensors {
		v, err := value(t)
		if err != nil {
			return list, fmt.Errorf("ort: input %d: %w", i, err)
		}
		list = append(list, v)
	}
	return list, nil
}

func value(t onnx.Tensor) (runtime.Value, error) {
	switch t.Dtype() {
	case onnx.Float32:
		return runtime.NewTensor(dims(t.Shape), slices.Clone(t.Floats))
	case onnx.Int64:
		return runtime.NewTensor(dims(t.Shape), slices.Clone(t.Ints))
	case onnx.Bool:
		return runtime.NewTensor(dims(t.Shape), slices.Clone(t.Bools))
	case onnx.String:
		texts, err := runtime.NewStringTensor(dims(t.Shape))
		if err != nil {
			return nil, err
		}
		return texts, texts.SetContents(t.Strings)
	default:
		return nil, fmt.Errorf("dtype %v is not supported", t.Dtype())
	}
}

func dims(shape []int) runtime.Shape {
	out := make(runtime.Shape, len(shape))
	for i, d := range shape {
		out[i] = int64(d)
	}
	return out
}

// tensor copies a result.
func tensor(v runtime.Value) (onnx.Tensor, error) {
	t := onnx.Tensor{Shape: []int{}}
	for _, d := range v.GetShape() {
		t.Shape = append(t.Shape, int(d))
	}
	switch v := v.(type) {
	case *runtime.Tensor[float32]:
		t.Floats = append([]float32{}, v.GetData()...)
	case *runtime.Tensor[int64]:
		t.Ints = append([]int64{}, v.GetData()...)
	case *runtime.Tensor[bool]:
		t.Bools = append([]bool{}, v.GetData()...)
	case *runtime.StringTensor:
		texts, err := v.GetContents()
		t.Strings = append([]string{}, texts...)
		return t, err
	default:
		return t, fmt.Errorf("is a %T, expected a tensor of float32, int64, bool or texts", v)
	}
	return t, nil
}

func destroy(list []runtime.Value) {
	for _, v := range list {
		if v != nil {
			_ = v.Destroy() // frees memory; there is nothing to be done about a fault
		}
	}
}
