package load

import (
	"context"
	"errors"
	"fmt"

	"github.com/repli-mesh/repli/pkg/dataset"
	"github.com/repli-mesh/repli/pkg/views"
)

// progressEvery is after how many checked records progress is told.
const progressEvery = 1000

// group is the files in which one key may be there once only: those that feed the same view. Views that are fed by the
// same files share a group.
type group struct {
	column string
	files  []*file
	keys   keyset
}

// checker reads everything once and writes nothing.
type checker struct {
	project  *views.Project
	files    []*file
	groups   []*group
	hasher   hasher
	faults   *Faults
	progress func(Progress)
	done     int64
}

// run returns a *Faults, or why a file cannot be read.
func (c *checker) run(ctx context.Context) error {
	c.hasher = newHasher()
	for _, file := range c.files {
		if err := c.open(ctx, file); err != nil {
			return err
		}
	}
	c.group()
	for _, file := range c.files {
		if err := c.read(ctx, file); err != nil {
			return err
		}
	}
	for _, group := range c.groups {
		if err := c.unique(ctx, group); err != nil {
			return err
		}
	}
	if c.faults.Total > 0 {
		return c.faults
	}
	c.progress(Progress{Phase: Check, Done: c.done, Total: c.done})
	return nil
}

// open finds out what the file holds.
func (c *checker) open(ctx context.Context, f *file) error {
	var err error
	if f.digest, err = f.source.Digest(ctx); err != nil {
		return err
	}
	if f.entity == "" {
		return nil
	}
	f.fed, err = dataset.Feeds(ctx, c.project, f.entity, f.source)
	return c.keep(err)
}

// keep notes a fault and returns any other error.
func (c *checker) keep(err error) error {
	var fault *dataset.Fault
	if errors.As(err, &fault) {
		c.faults.add(fault)
		return nil
	}
	return err
}

// group sorts files by the views that they feed.
func (c *checker) group() {
	for _, entity := range []views.Entity{views.User, views.Item} {
		var of []*file
		for _, file := range c.files {
			if file.entity == entity {
				of = append(of, file)
			}
		}
		if len(of) > 0 {
			c.groupViews(entity, of)
		}
	}
	var events []*file
	for _, file := range c.files {
		if file.entity == "" {
			events = append(events, file)
		}
	}
	if len(events) > 0 && c.project.Events != nil {
		c.addGroup(c.project.Events.ID, events)
	}
}

func (c *checker) groupViews(entity views.Entity, files []*file) {
	known := map[string]bool{}
	for _, view := range c.project.ViewsOf(entity) {
		var feeding []*file
		var which []byte
		for _, file := range files {
			feeds := byte('-')
			for _, fed := range file.fed {
				if fed == view {
					feeding = append(feeding, file)
					feeds = '+'
				}
			}
			which = append(which, feeds)
		}
		if len(feeding) == 0 {
			c.faults.add(fmt.Errorf("view %s: no file of %s has its features, expected one", view.Name, entity))
			continue
		}
		if !known[string(which)] {
			known[string(which)] = true
			c.addGroup(c.project.Keys[entity].Join, feeding)
		}
	}
}

func (c *checker) addGroup(column string, files []*file) {
	group := &group{column: column, files: files}
	c.groups = append(c.groups, group)
	for _, file := range files {
		file.groups = append(file.groups, group)
	}
}

// read checks every record of the file.
func (c *checker) read(ctx context.Context, f *file) error {
	for record, err := range f.records(ctx, c.project) {
		if err != nil {
			if err := c.keep(err); err != nil {
				return err
			}
			continue
		}
		digest := c.hasher.digest(record.key)
		for _, group := range f.groups {
			group.keys.add(digest)
		}
		f.count++
		c.done++
		if c.done%progressEvery == 0 {
			c.progress(Progress{Phase: Check, Done: c.done})
		}
	}
	return nil
}

// unique notes the keys that are there more than once. Only then are the group's files read again, to say where: to keep
// the place of every key would cost more memory than the keys.
func (c *checker) unique(ctx context.Context, g *group) error {
	digests, total := g.keys.duplicates(c.faults.room())
	g.keys = keyset{}
	c.faults.Total += total
	if len(digests) == 0 {
		return nil
	}
	first := make(map[digest]*dataset.Position, len(digests))
	for _, d := range digests {
		first[d] = nil
	}
	for _, file := range g.files {
		for record, err := range file.records(ctx, c.project) {
			if err != nil {
				var fault *dataset.Fault
				if errors.As(err, &fault) {
					continue // noted before
				}
				return err
			}
			d := c.hasher.digest(record.key)
			before, again := first[d]
			switch {
			case !again:
			case before == nil:
				first[d] = &record.at
			case c.faults.room() > 0:
				c.faults.First = append(c.faults.First, &dataset.Fault{
					Position: record.at, Column: g.column,
					Problem: fmt.Sprintf("is the same as on %v, expected each one once", before),
				})
			}
		}
	}
	return nil
}
