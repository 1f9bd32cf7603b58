package views

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"

	"github.com/repli-mesh/repli/pkg/config"
)

// The sizes that a views.yaml may have.
const (
	// MaxFile is how many bytes the file may have.
	MaxFile = 1 << 20
	// MaxViews is how many views a project may have.
	MaxViews = 64
	// MaxFeatures is how many features a view may have.
	MaxFeatures = 1024
	// MaxColumns is how many features all views of an entity may have together: a packed row has one status byte a column.
	MaxColumns = 4096
	// MaxName is how many bytes a name may have.
	MaxName = 128
)

const (
	wantName     = "1 to 128 bytes of printable text without a colon"
	wantProject  = "1 to 128 letters, digits and underscores, not starting with an underscore"
	wantColumn   = "the name of a column, 1 to 128 bytes"
	wantCurrency = "an ISO 4217 code such as USD"
)

var (
	projectName  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_]{0,127}$`)
	currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)
	syntaxError  = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)
)

// Parse reads a views.yaml; file is its name, for errors only. Every fault is in the error, joined, each a
// *config.FieldError that reads like: views.yaml:12: views[0].features[2].dtype: is "float", expected one of float32,
// int64, string, string_list. Keys that are not known or there twice, aliases and further documents are faults.
func Parse(file string, data []byte) (*Project, error) {
	if len(data) > MaxFile {
		return nil, &config.FieldError{
			Place: file, Key: "file", Problem: fmt.Sprintf("is %d bytes long, expected at most %d", len(data), MaxFile),
		}
	}
	root, err := document(file, data)
	if err != nil {
		return nil, err
	}
	p := &parser{reader: reader{file: file}}
	project := p.project(root)
	if err := p.err(); err != nil {
		return nil, err
	}
	return project, nil
}

// document returns the content of the only document of the file.
func document(file string, data []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var root, next yaml.Node
	switch err := decoder.Decode(&root); {
	case errors.Is(err, io.EOF) || err == nil && len(root.Content) == 0:
		return nil, &config.FieldError{Place: file, Key: "file", Problem: "is empty, expected the keys project, entities and views"}
	case err != nil:
		return nil, syntax(file, err)
	}
	switch err := decoder.Decode(&next); {
	case errors.Is(err, io.EOF):
		return root.Content[0], nil
	case err != nil:
		return nil, syntax(file, err)
	}
	return nil, &config.FieldError{
		Place: fmt.Sprintf("%s:%d", file, next.Line), Key: "file", Problem: "is followed by a second document, expected one",
	}
}

// syntax puts the line of a YAML error where the other faults have it.
func syntax(file string, err error) error {
	text := err.Error()
	place := file
	match := syntaxError.FindStringSubmatch(text)
	if match != nil && match[1] != "" {
		place += ":" + match[1]
	}
	if match != nil {
		text = text[len(match[0]):]
	}
	return &config.FieldError{Place: place, Key: "file", Problem: "is not YAML: " + text}
}

// parser builds a project and remembers what has to be unique.
type parser struct {
	reader
	views    map[string]int            // name to line
	features map[Entity]map[string]int // name to line
	roles    map[Role]int              // role to line
}

func (p *parser) project(root *yaml.Node) *Project {
	o := p.object(root, "", "project", "entities", "views", "events")
	if o == nil {
		return nil
	}
	p.views, p.roles = map[string]int{}, map[Role]int{}
	p.features = map[Entity]map[string]int{User: {}, Item: {}}
	project := &Project{Name: p.text(o, "project", wantProject, projectName.MatchString)}
	if node := p.required(o, "entities", "the entities user and item"); node != nil {
		project.Keys = p.keys(node)
	}
	for i, node := range p.list(o, "views", MaxViews) {
		if view := p.view(node, fmt.Sprintf("views[%d]", i)); view != nil {
			project.Views = append(project.Views, view)
		}
	}
	for _, entity := range []Entity{User, Item} {
		if n := len(p.features[entity]); n > MaxColumns {
			p.fail(o.lineOf("views"), "views", fmt.Sprintf("%d features of %s", n, entity), fmt.Sprintf("at most %d", MaxColumns))
		}
	}
	if node := o.values["events"]; node != nil {
		project.Events = p.events(node)
	}
	return project
}

func (p *parser) keys(node *yaml.Node) map[Entity]Key {
	o := p.object(node, "entities", string(User), string(Item))
	if o == nil {
		return nil
	}
	keys := make(map[Entity]Key, 2)
	for _, entity := range []Entity{User, Item} {
		node := p.required(o, string(entity), "its join_key and type")
		if node == nil {
			continue
		}
		if key := p.object(node, o.path(string(entity)), "join_key", "type"); key != nil {
			keys[entity] = Key{
				Join: p.text(key, "join_key", wantColumn, isColumn),
				Type: KeyType(p.choice(key, "type", string(KeyString), string(KeyInt64))),
			}
		}
	}
	return keys
}

func (p *parser) view(node *yaml.Node, key string) *View {
	o := p.object(node, key, "name", "entity", "freshness", "event_time", "features")
	if o == nil {
		return nil
	}
	view := &View{
		Name:      p.text(o, "name", wantName, isName),
		Entity:    Entity(p.choice(o, "entity", string(User), string(Item))),
		Freshness: p.duration(o, "freshness"),
	}
	if o.values["event_time"] != nil {
		view.EventTime = p.text(o, "event_time", wantColumn, isColumn)
	}
	p.unique(p.views, view.Name, o)
	for i, node := range p.list(o, "features", MaxFeatures) {
		p.feature(view, node, fmt.Sprintf("%s.features[%d]", key, i))
	}
	return view
}

// feature reads one feature of the view.
func (p *parser) feature(view *View, node *yaml.Node, key string) {
	o := p.object(node, key, "name", "dtype", "nullable", "range", "role")
	if o == nil {
		return
	}
	feature := Feature{
		Name:     p.text(o, "name", wantName, isName),
		Dtype:    p.dtype(o),
		Nullable: p.flag(o, "nullable"),
		Range:    p.bounds(o, "range"),
	}
	if o.values["role"] != nil {
		feature.Role = Role(p.choice(o, "role", string(Segment), string(Candidates)))
	}
	if names := p.features[view.Entity]; names != nil {
		p.unique(names, feature.Name, o)
	}
	if feature.Dtype != 0 && view.Entity != "" {
		p.fits(view.Entity, &feature, o)
	}
	view.Features = append(view.Features, feature)
}

func (p *parser) dtype(o *object) Dtype {
	name := p.choice(o, "dtype", Float32.String(), Int64.String(), String.String(), StringList.String())
	for d := Float32; d <= StringList; d++ {
		if d.String() == name {
			return d
		}
	}
	return 0
}

// fits checks what a feature's keys have to do with each other.
func (p *parser) fits(entity Entity, feature *Feature, o *object) {
	if feature.Range != nil && feature.Dtype != Float32 && feature.Dtype != Int64 {
		p.fail(o.lineOf("range"), o.path("range"), "set for "+feature.Dtype.String(), "it for float32 and int64 only")
	}
	kind := feature.Dtype.String() + " of " + string(entity)
	switch {
	case feature.Role == Segment && (feature.Dtype != String || entity != User):
		p.fail(o.lineOf("role"), o.path("role"), "segment for "+kind, "it for string of user only")
	case feature.Role == Candidates && (feature.Dtype != StringList || entity != User):
		p.fail(o.lineOf("role"), o.path("role"), "candidates for "+kind, "it for string_list of user only")
	case feature.Role != Candidates && feature.Dtype == StringList:
		p.fail(o.lineOf("dtype"), o.path("dtype"), "string_list without the role candidates", "float32, int64 or string")
	case feature.Role != NoRole && p.roles[feature.Role] != 0:
		line := p.roles[feature.Role]
		p.fail(o.lineOf("role"), o.path("role"), fmt.Sprintf("%s again after line %d", feature.Role, line), "it once")
	case feature.Role != NoRole:
		p.roles[feature.Role] = o.lineOf("role")
	}
}

func (p *parser) events(node *yaml.Node) *EventColumns {
	o := p.object(node, "events", "id", "user", "item", "type", "quantity", "revenue", "currency", "time")
	if o == nil {
		return nil
	}
	return &EventColumns{
		ID:       p.text(o, "id", wantColumn, isColumn),
		User:     p.text(o, "user", wantColumn, isColumn),
		Item:     p.text(o, "item", wantColumn, isColumn),
		Type:     p.text(o, "type", wantColumn, isColumn),
		Quantity: p.text(o, "quantity", wantColumn, isColumn),
		Revenue:  p.text(o, "revenue", wantColumn, isColumn),
		Currency: p.text(o, "currency", wantCurrency, currencyCode.MatchString),
		Time:     p.text(o, "time", wantColumn, isColumn),
	}
}

// unique notes a name of an object and refuses it when it was there before.
func (p *parser) unique(names map[string]int, name string, o *object) {
	if name == "" {
		return
	}
	if line, ok := names[name]; ok {
		p.fail(o.lineOf("name"), o.path("name"), fmt.Sprintf("%q again after line %d", name, line), "a name of its own")
		return
	}
	names[name] = o.lineOf("name")
}

// isName allows what can be part of a key in the store, where a colon separates a view from its feature.
func isName(text string) bool {
	return isColumn(text) && !strings.Contains(text, ":")
}

func isColumn(text string) bool {
	return text != "" && len(text) <= MaxName && strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}
