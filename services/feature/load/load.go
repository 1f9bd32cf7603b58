// Package load owns bringing files into the online store: everything is checked before the first write, writes go in
// parallel batches, and a load that broke off goes on where it was.
//
// It knows neither how files are read, which pkg/dataset does, nor how rows are stored, which its Sink does.
package load

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/repli-mesh/repli/pkg/dataset"
	"github.com/repli-mesh/repli/pkg/views"
)

// ErrChanged is wrapped by the error of a load whose files changed while it ran.
var ErrChanged = errors.New("changed while it was being loaded")

// Input is what to load.
type Input struct {
	// Project declares the features and the columns of events.
	Project *views.Project
	// Users and Items are files of rows. Each feeds the views of which it has features, and must then have all columns of
	// theirs; where an entity has files, each of its views must be fed. Events are files of events.
	Users, Items, Events []dataset.Source
}

// Sink takes what is loaded. It is called by several goroutines at once, with rows that passed View.Check and events that
// are in range, and owns the slices it is given. Writing the same again must change nothing.
type Sink interface {
	WriteRows(ctx context.Context, view *views.View, rows []views.Row) error
	WriteEvents(ctx context.Context, events []views.Event) error
}

// Journal remembers how far a load came. Load returns 0 for an id it does not know; saving 0 forgets the id.
type Journal interface {
	Load(ctx context.Context, id string) (done int64, err error)
	Save(ctx context.Context, id string, done int64) error
}

// Phase is a part of a load.
type Phase string

// The phases there are, in their order.
const (
	Check Phase = "check"
	Write Phase = "write"
)

// Progress says how far a phase is, in records: lines of the files.
type Progress struct {
	Phase Phase
	// Done includes records that an earlier run wrote.
	Done int64
	// Total is 0 while it is not known, which it is after Check.
	Total int64
}

// Report says what a load did.
type Report struct {
	// ID identifies the input: the views, and the names, sizes and contents of the files.
	ID string
	// Users, Items and Events count the records of the files.
	Users, Items, Events int64
	// Resumed is how many of them, counted from the first, an earlier run had written already.
	Resumed int64
}

// Run loads the input into the sink. It reads the files twice: the first time it checks all of them, and nothing is written
// when there is a fault; then it writes users, items and events in this order.
//
// When a run breaks off, the next one with the same input goes on after the last record up to which all are written; some
// that follow it may be written again. A run after a finished load writes all again, because the store may have lost or
// overwritten its rows since, and somebody who loads a file wants it to be there.
//
// Errors: *Faults when the files are wrong; ErrChanged when one changed between being checked and written, after which
// part of it may be written; the context's; those of reading a file, of the sink and of the journal. progress may be nil;
// it is called by one goroutine at a time. All goroutines have ended when Run returns.
func Run(
	ctx context.Context, in Input, sink Sink, journal Journal, cfg Config, progress func(Progress),
) (Report, error) {
	if err := cfg.Validate(); err != nil {
		return Report{}, err
	}
	if progress == nil {
		progress = func(Progress) {}
	}
	files := filesOf(in)
	if len(files) == 0 {
		return Report{}, errors.New("nothing to load, expected files of users, items or events")
	}
	c := &checker{project: in.Project, files: files, faults: &Faults{limit: cfg.Faults}, progress: progress}
	if err := c.run(ctx); err != nil {
		return Report{}, err
	}
	report := Report{ID: identify(in.Project, files)}
	for _, file := range files {
		switch file.entity {
		case views.User:
			report.Users += file.count
		case views.Item:
			report.Items += file.count
		default:
			report.Events += file.count
		}
	}
	total := report.Users + report.Items + report.Events
	var err error
	if report.Resumed, err = resume(ctx, journal, report.ID, total); err != nil {
		return report, err
	}
	w := &writer{
		project: in.Project, files: files, sink: sink, journal: journal, cfg: cfg, progress: progress,
		id: report.ID, from: report.Resumed, total: total,
	}
	return report, w.run(ctx)
}

// resume asks the journal how far an earlier run came.
func resume(ctx context.Context, journal Journal, id string, total int64) (int64, error) {
	done, err := journal.Load(ctx, id)
	if err != nil {
		return 0, fmt.Errorf("read the journal: %w", err)
	}
	if done < 0 || done > total {
		return 0, fmt.Errorf("the journal says that %d records are written, expected 0 to %d", done, total)
	}
	return done, nil
}

// identify hashes the declaration and the files.
func identify(project *views.Project, files []*file) string {
	hash := sha256.New()
	fmt.Fprintf(hash, "%q\n", project.Name)
	for _, entity := range []views.Entity{views.User, views.Item} {
		fmt.Fprintf(hash, "%q\n", project.Keys[entity])
	}
	for _, view := range project.Views {
		fmt.Fprintf(hash, "%q %q %d %q\n", view.Name, view.Entity, view.Freshness, view.EventTime)
		for _, feature := range view.Features {
			fmt.Fprintf(hash, "%q %d %t %v %q\n", feature.Name, feature.Dtype, feature.Nullable, feature.Range, feature.Role)
		}
	}
	fmt.Fprintf(hash, "%+q\n", project.Events)
	for _, file := range files {
		fmt.Fprintf(hash, "%q %q %d %x\n", file.entity, file.source.Name(), file.digest.Size, file.digest.Sum)
	}
	return hex.EncodeToString(hash.Sum(nil)[:16])
}
