// Package binding owns the way from features to a model's inputs: where each feature comes from, and the tensors that
// are filled from a user's row, the item table, the request and the manifest's defaults.
//
// It runs no model. What can be decided from the schemas is decided once, in New.
package binding

import (
	"fmt"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/services/ranking/internal/bundle"
	"github.com/repli-mesh/repli/services/ranking/internal/schema"
)

// source says which side a feature comes from, unless the request gives it.
type source uint8

const (
	nowhere source = iota // only its default
	fromUser
	fromItem
)

// Binding is a model bound to one layout of user rows and one of item rows. It never changes and is safe for concurrent
// use.
type Binding struct {
	inputs   []input
	features int
}

// input is where the values of one model input come from.
type input struct {
	bundle.Input
	features []feature
	first    int   // position of its first feature among all features of the model
	ofItem   []int // the features that come from the item table
	runs     []run
	casts    []run // int64 columns of the table for a float32 input; one each
	mixed    bool  // some features of a per-item input do not come from the item table
}

type feature struct {
	name       string
	from       source
	column     schema.Column
	hasDefault bool
	fallback   scalar
}

// run is neighbours in the table's row that are neighbours in the input's row.
type run struct{ to, from, n int }

// New binds a model. A feature is the user's if the user schema has it, else the item's if the item schema has it and
// the input has a row for each candidate; else there is only its default. The error names a feature whose column has a
// type that the model cannot take: text, or float32 for an int64 input.
func New(b *bundle.Bundle, user, items *schema.Schema) (*Binding, error) {
	out := &Binding{}
	for _, declared := range b.Inputs {
		in := input{Input: declared, first: out.features}
		for i, each := range declared.Features {
			f := resolve(each, declared.PerItem, user, items)
			if err := f.check(declared.Dtype); err != nil {
				return nil, err
			}
			in.add(i, f)
		}
		in.mixed = declared.PerItem && len(in.ofItem) < len(in.features)
		out.features += len(in.features)
		out.inputs = append(out.inputs, in)
	}
	return out, nil
}

func resolve(declared bundle.Feature, perItem bool, user, items *schema.Schema) feature {
	f := feature{name: declared.Name, hasDefault: declared.HasDefault}
	if declared.HasDefault {
		f.fallback = scalar{number: float32(declared.Default), integer: int64(declared.Default)}
	}
	if column, ok := user.Column(declared.Name); ok {
		f.from, f.column = fromUser, column
	} else if column, ok := items.Column(declared.Name); ok && perItem {
		f.from, f.column = fromItem, column
	}
	return f
}

func (f feature) check(dtype onnx.Dtype) error {
	if f.from == nowhere {
		return nil
	}
	switch column := f.column.Dtype; {
	case column == featurev1.Dtype_DTYPE_INT64:
		return nil
	case column == featurev1.Dtype_DTYPE_FLOAT32 && dtype == onnx.Float32:
		return nil
	default:
		return fmt.Errorf("feature %q is %v in the feature service, the model takes %v", f.name, column, dtype)
	}
}

// add appends a feature, and lengthens the last run if the feature continues it.
func (in *input) add(i int, f feature) {
	in.features = append(in.features, f)
	if f.from != fromItem {
		return
	}
	in.ofItem = append(in.ofItem, i)
	one := run{to: i, from: f.column.Place, n: 1}
	if f.column.Dtype == featurev1.Dtype_DTYPE_INT64 && in.Dtype == onnx.Float32 {
		in.casts = append(in.casts, one)
		return
	}
	if n := len(in.runs); n > 0 && in.runs[n-1].to+in.runs[n-1].n == i && in.runs[n-1].from+in.runs[n-1].n == one.from {
		in.runs[n-1].n++
		return
	}
	in.runs = append(in.runs, one)
}

// Unbound returns the names of the features that are in neither schema and have no default: requests must give them.
func (b *Binding) Unbound() []string {
	var names []string
	for _, in := range b.inputs {
		for _, f := range in.features {
			if f.from == nowhere && !f.hasDefault {
				names = append(names, f.name)
			}
		}
	}
	return names
}

// NewUsers reports whether a user of whom nothing is known can be ranked: whether every feature that does not come from
// the item table has a default.
func (b *Binding) NewUsers() bool {
	for _, in := range b.inputs {
		for _, f := range in.features {
			if f.from != fromItem && !f.hasDefault {
				return false
			}
		}
	}
	return true
}
