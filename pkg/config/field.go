package config

import (
	"reflect"
	"slices"
	"strings"
)

// field is one setting or section of a struct.
type field struct {
	name   string
	index  []int // for FieldByIndex
	secret bool
}

// fieldsOf returns the fields of a struct by their yaml tags, those of inlined structs among them.
func fieldsOf(t reflect.Type) []field {
	var fields []field
	for i := range t.NumField() {
		declared := t.Field(i)
		name, options, _ := strings.Cut(declared.Tag.Get("yaml"), ",")
		switch {
		case inlined(declared, options):
			for _, inner := range fieldsOf(declared.Type) {
				inner.index = slices.Concat(declared.Index, inner.index)
				fields = append(fields, inner)
			}
		case !declared.IsExported() || name == "-":
		default:
			if name == "" {
				name = strings.ToLower(declared.Name)
			}
			fields = append(fields, field{name, declared.Index, declared.Tag.Get("secret") == "true"})
		}
	}
	return fields
}

func names(fields []field) []string {
	all := make([]string, len(fields))
	for i, f := range fields {
		all[i] = f.name
	}
	return all
}

// inlined says whether the fields of a struct count as those of the struct around it.
func inlined(f reflect.StructField, options string) bool {
	return options == "inline" && f.Type.Kind() == reflect.Struct && (f.Anonymous || f.IsExported())
}
