package onnx

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// buildLabelEncoder makes the kernel of LabelEncoder: each element is looked up in a list of keys and becomes the value beside it,
// or a default. Of a key that is there twice, the first counts; from version 4 of the operator set on, a key that is NaN stands for
// every NaN. Version 1 knows only texts and their positions.
func buildLabelEncoder(n *node) (kernel, error) {
	if n.opset < 2 {
		classes := n.texts("classes_strings")
		places := make([]int64, len(classes))
		for i := range places {
			places[i] = int64(i)
		}
		return bothWays(n, classes, places)
	}
	keys, _, err := listed(n, "keys")
	if err != nil {
		return nil, err
	}
	values, code, err := listed(n, "values")
	if err != nil {
		return nil, err
	}
	if keys.size() != values.size() {
		return nil, fmt.Errorf("%d keys and %d values, expected as many", keys.size(), values.size())
	}
	absent, err := defaultOf(n, values.Dtype())
	if err != nil {
		return nil, err
	}
	n.giveAs(0, code)
	if err := n.expect(0, keys.Dtype()); err != nil {
		return nil, err
	}
	switch keys.Dtype() {
	case Float32:
		return encoderOf(keys.Floats, values, absent, n.opset >= 4), nil
	case Int64:
		return encoderOf(keys.Ints, values, absent, false), nil
	default:
		return encoderOf(keys.Strings, values, absent, false), nil
	}
}

// listed returns the one list that is given under a name that starts with prefix, with the type of its elements.
func listed(n *node, prefix string) (Tensor, int64, error) {
	var found []Tensor
	var code int64
	add := func(t Tensor, of int64) {
		if t.size() > 0 {
			found, code = append(found, t), of
		}
	}
	add(list(n.floats(prefix+"_floats")), codeFloat)
	add(list(n.integers(prefix+"_int64s")), codeInt64)
	add(list(n.texts(prefix+"_strings")), codeString)
	if t, ok := n.tensor(prefix + "_tensor"); ok {
		add(t, n.codes[prefix+"_tensor"])
	}
	if len(found) != 1 || found[0].Dtype() == Bool {
		return Tensor{}, 0, fmt.Errorf("%d lists of %s, expected one of numbers or texts", len(found), prefix)
	}
	return found[0], code, nil
}

func list[T element](values []T) Tensor { return wrap([]int{len(values)}, values) }

// defaultOf returns one element: what an encoder gives where there is no such key.
func defaultOf(n *node, dtype Dtype) (Tensor, error) {
	absent := map[Dtype]Tensor{
		Float32: list([]float32{n.float("default_float", float32(math.Copysign(0, -1)))}),
		Int64:   list([]int64{n.integer("default_int64", -1)}),
		String:  list([]string{n.text("default_string", "_Unused")}),
	}[dtype]
	t, ok := n.tensor("default_tensor")
	if !ok {
		return absent, nil
	}
	if t.Dtype() != dtype || t.size() != 1 {
		return t, fmt.Errorf("default_tensor has %d elements of %v, expected one of %v", t.size(), t.Dtype(), dtype)
	}
	return t, nil
}

func encoderOf[K sortable](keys []K, values, absent Tensor, matchNaN bool) kernel {
	switch values.Dtype() {
	case Float32:
		return encoder(keys, values.Floats, absent.Floats[0], matchNaN)
	case Int64:
		return encoder(keys, values.Ints, absent.Ints[0], matchNaN)
	default:
		return encoder(keys, values.Strings, absent.Strings[0], matchNaN)
	}
}

func encoder[K, V sortable](keys []K, values []V, absent V, matchNaN bool) kernel {
	table, ofNaN := make(map[K]V, len(keys)), absent
	for i, key := range slices.Backward(keys) { // the first of equal keys is the last to be put
		switch {
		case !isNaN(key):
			table[key] = values[i]
		case matchNaN:
			ofNaN = values[i]
		}
	}
	return func(mem *Arena, in, out []Tensor) error {
		t, dst, err := alloc[V](mem, in[0].Shape)
		if err != nil {
			return err
		}
		for i, key := range data[K](in[0]) {
			v, ok := table[key]
			switch {
			case ok:
				dst[i] = v
			case isNaN(key):
				dst[i] = ofNaN
			default:
				dst[i] = absent
			}
		}
		out[0] = t
		return nil
	}
}

// bothWays makes a kernel that turns texts into the numbers beside them, or numbers into texts. Of one that is there twice, the
// last counts.
func bothWays(n *node, words []string, numbers []int64) (kernel, error) {
	number, word := n.integer("default_int64", -1), n.text("default_string", "_Unused")
	if len(words) == 0 || len(words) != len(numbers) {
		return nil, fmt.Errorf("%d texts for %d numbers, expected as many, and one or more", len(words), len(numbers))
	}
	words, numbers = reversed(words), reversed(numbers)
	switch n.in[0] {
	case String:
		n.giveAs(0, codeInt64)
		return encoder(words, numbers, number, false), nil
	case Int64:
		n.giveAs(0, codeString)
		return encoder(numbers, words, word, false), nil
	default:
		return nil, n.expect(0, String, Int64)
	}
}

// reversed returns a copy with the last first.
func reversed[T any](list []T) []T {
	to := make([]T, len(list))
	for i, v := range list {
		to[len(list)-1-i] = v
	}
	return to
}

// buildCategoryMapper makes the kernel of CategoryMapper: texts to numbers, or numbers to texts.
func buildCategoryMapper(n *node) (kernel, error) {
	return bothWays(n, n.texts("cats_strings"), n.integers("cats_int64s"))
}

// buildOneHotEncoder makes the kernel of OneHotEncoder: a new last dimension with a 1 at the category of each element. Of a category
// that is there twice, the last counts. One that is not there has no 1, or is an error where zeros is 0.
func buildOneHotEncoder(n *node) (kernel, error) {
	ints, words, lenient := n.integers("cats_int64s"), n.texts("cats_strings"), n.integer("zeros", 1) != 0
	if (len(ints) == 0) == (len(words) == 0) {
		return nil, errors.New("expected either cats_int64s or cats_strings")
	}
	n.giveAs(0, codeFloat)
	if len(words) > 0 {
		return oneHotOf(words, lenient, func(_ *Arena, t Tensor) []string { return t.Strings }), n.expect(0, String)
	}
	return oneHotOf(ints, lenient, func(mem *Arena, t Tensor) []int64 { return toInts(mem, t).Ints }), n.expect(0, Int64, Float32)
}

func oneHotOf[T comparable](categories []T, lenient bool, elements func(mem *Arena, t Tensor) []T) kernel {
	places := make(map[T]int, len(categories))
	for i, c := range categories {
		places[c] = i
	}
	return func(mem *Arena, in, out []Tensor) error {
		t, dst, err := alloc[float32](mem, mem.joined(in[0].Shape, mem.shape(len(categories)), nil))
		if err != nil {
			return err
		}
		for i, v := range elements(mem, in[0]) {
			place, ok := places[v]
			switch {
			case ok:
				dst[i*len(categories)+place] = 1
			case !lenient:
				return fmt.Errorf("element %d: %v is no category, and zeros is 0", i, v)
			}
		}
		out[0] = t
		return nil
	}
}
