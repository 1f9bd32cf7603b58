package config

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// serviceLink matches what Kubernetes puts into the environment for a Service whose name gives the same prefix: the
// Service repli-gateway makes REPLI_GATEWAY_SERVICE_HOST. Those are nobody's mistake.
var serviceLink = regexp.MustCompile(`^(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)

// setting is a value that one variable can give.
type setting struct {
	key    string
	index  []int // from the root struct
	secret bool
}

// environment overrides settings by variables.
func (d *decoder) environment(source Source, into reflect.Value) {
	if source.Prefix == "" || into.Kind() != reflect.Struct {
		return
	}
	settings := map[string]setting{}
	d.collect(settings, setting{}, into.Type())
	for _, entry := range source.Env {
		name, value, _ := strings.Cut(entry, "=")
		rest, ours := strings.CutPrefix(name, source.Prefix+"_")
		if !ours {
			continue
		}
		if s, ok := settings[rest]; ok {
			d.override(name, value, s, into.FieldByIndex(s.index))
		} else if !serviceLink.MatchString(rest) {
			d.faults = append(d.faults, fmt.Errorf("%s: unknown variable, no setting has this name", name))
		}
	}
}

// collect lists the scalars and lists of scalars below a section by the rest of their variable's name.
func (d *decoder) collect(settings map[string]setting, section setting, t reflect.Type) {
	for _, f := range fieldsOf(t) {
		s := setting{join(section.key, f.name), slices.Concat(section.index, f.index), f.secret}
		inner := t.FieldByIndex(f.index).Type
		switch {
		case isScalar(inner) || inner.Kind() == reflect.Slice && isScalar(inner.Elem()):
			name := strings.ToUpper(strings.ReplaceAll(s.key, ".", "_"))
			if other, ok := settings[name]; ok {
				d.faults = append(d.faults, &FieldError{Key: s.key, Problem: "has the same variable as " + other.key})
			}
			settings[name] = s
		case inner.Kind() == reflect.Struct:
			d.collect(settings, s, inner)
		}
	}
}

// override sets one setting from its variable; a list is separated by commas.
func (d *decoder) override(variable, value string, s setting, into reflect.Value) {
	d.places[s.key] = variable
	if isScalar(into.Type()) {
		d.fromText(variable, value, s, into)
		return
	}
	var items []string
	if value != "" {
		items = strings.Split(value, ",")
	}
	filled := reflect.MakeSlice(into.Type(), len(items), len(items))
	for i, item := range items {
		d.fromText(variable, strings.TrimSpace(item), s, filled.Index(i))
	}
	into.Set(filled)
}

func (d *decoder) fromText(variable, value string, s setting, into reflect.Value) {
	if setText(into, value) == nil {
		return
	}
	problem := fmt.Sprintf("is %q", value)
	if s.secret {
		problem = "is a secret of another type"
	}
	d.broken[s.key] = true
	d.faults = append(d.faults, &FieldError{
		Place: variable, Key: s.key, Problem: problem + ", expected " + expectationOf(into.Type()),
	})
}
