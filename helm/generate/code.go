package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"time"
)

// module is the prefix of the packages whose source is at hand.
const module = "github.com/repli-mesh/repli/"

// source finds the comments of the code's settings.
type source struct {
	folder string
	// comments are those of a package's fields, by "Type.Field".
	comments map[string]map[string]string
}

// newSource reads the source of the project in a folder.
func newSource(folder string) *source {
	return &source{folder: folder, comments: map[string]map[string]string{}}
}

// section is a struct with its settings. What is decided already is left out, and struck from the list.
func (s *source) section(t reflect.Type, path string, decided map[string]bool) (*value, error) {
	v := &value{children: []*value{}, optional: true, schema: map[string]any{"type": "object"}}
	last := ""
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if options == "inline" {
			inner, err := s.section(f.Type, path, decided)
			if err != nil {
				return nil, err
			}
			v.children = append(v.children, inner.children...)
			continue
		}
		where := strings.TrimPrefix(path+"."+name, ".")
		description, err := s.comment(t, f.Name)
		if err != nil {
			return nil, err
		}
		if description == "" {
			description = last // one comment for several fields
		}
		last = description
		if decided[where] {
			delete(decided, where)
			continue
		}
		child, err := s.setting(f.Type, where, decided)
		if err != nil {
			return nil, err
		}
		if child.section() && len(child.children) == 0 {
			continue // all of it is decided
		}
		if child.key, child.description = name, description; description == "" {
			return nil, fmt.Errorf("%s.%s: has no comment, expected one that describes the setting %s", t, f.Name, where)
		}
		v.children = append(v.children, child)
	}
	return v, nil
}

// setting is a field's type as a value.
func (s *source) setting(t reflect.Type, where string, decided map[string]bool) (*value, error) {
	schema := map[string]any{}
	switch {
	case t == reflect.TypeFor[time.Duration]():
		schema["type"], schema["pattern"] = "string", durationPattern
	case t.Kind() == reflect.Struct:
		return s.section(t, where, decided)
	case t.Kind() == reflect.Bool:
		schema["type"] = "boolean"
	case t.Kind() == reflect.String:
		schema["type"] = "string"
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Int64:
		schema["type"] = "integer"
	case t.Kind() >= reflect.Uint && t.Kind() <= reflect.Uint64:
		schema["type"], schema["minimum"] = "integer", 0
	case t.Kind() == reflect.Float64 || t.Kind() == reflect.Float32:
		schema["type"] = "number"
	case t.Kind() == reflect.Slice:
		inner, err := s.setting(t.Elem(), where, decided)
		if err != nil {
			return nil, err
		}
		schema["type"], schema["items"] = "array", inner.schema
	case t.Kind() == reflect.Map:
		inner, err := s.setting(t.Elem(), where, decided)
		if err != nil {
			return nil, err
		}
		schema["type"], schema["additionalProperties"] = "object", inner.schema
	default:
		return nil, fmt.Errorf("%s: is of type %s, expected one that a schema can describe", where, t)
	}
	return &value{schema: schema}, nil
}

// comment is what the source says of a field.
func (s *source) comment(t reflect.Type, field string) (string, error) {
	pkg := t.PkgPath()
	if s.comments[pkg] == nil {
		found, err := readComments(filepath.Join(s.folder, strings.TrimPrefix(pkg, module)))
		if err != nil {
			return "", err
		}
		s.comments[pkg] = found
	}
	return s.comments[pkg][t.Name()+"."+field], nil
}

// readComments reads the comments of all structs' fields of a package.
func readComments(folder string) (map[string]string, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if fields, ok := spec.Type.(*ast.StructType); ok {
				for _, f := range fields.Fields.List {
					for _, name := range f.Names {
						found[spec.Name.Name+"."+name.Name] = strings.Join(strings.Fields(f.Doc.Text()), " ")
					}
				}
			}
			return false
		})
	}
	return found, nil
}
