package load_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/repli-mesh/repli/services/feature/load"
)

func TestFileJournal(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal")
	journal := load.NewFileJournal(path)
	expect := func(id string, want int64) {
		t.Helper()
		if done, err := load.NewFileJournal(path).Load(t.Context(), id); err != nil || done != want {
			t.Errorf("%s: got %d, %v, want %d", id, done, err, want)
		}
	}
	save := func(id string, done int64) {
		t.Helper()
		if err := journal.Save(t.Context(), id, done); err != nil {
			t.Fatal(err)
		}
	}
	expect("a", 0)
	save("a", 0)
	save("a", 10)
	save("a", 1<<40)
	expect("a", 1<<40)
	expect("b", 0)
	save("b", 7)
	expect("b", 7)
	expect("a", 0)
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("files %v, %v, want the journal only", files, err)
	}
	save("b", 0)
	expect("b", 0)
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want no file", err)
	}
}

func TestFileJournalDamaged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal")
	journal := load.NewFileJournal(path)
	if err := journal.Save(t.Context(), "a", 1234); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{
		"", string(whole[:10]), string(whole[:len(whole)-4]), strings.Replace(string(whole), "1234", "1235", 1), "something else\n",
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if done, err := journal.Load(t.Context(), "a"); err == nil || !strings.Contains(err.Error(), path+": is damaged") {
			t.Errorf("%q: got %d, %v, want an error", content, done, err)
		}
	}
}

func TestFileJournalWithoutFolder(t *testing.T) {
	t.Parallel()
	journal := load.NewFileJournal(filepath.Join(t.TempDir(), "none", "journal"))
	if err := journal.Save(t.Context(), "a", 1); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want %v", err, os.ErrNotExist)
	}
}

func TestResumeFromAFile(t *testing.T) {
	t.Parallel()
	journal := load.NewFileJournal(filepath.Join(t.TempDir(), "journal"))
	r := newRecorder()
	r.before = func(_ context.Context, call int) error {
		if call == 7 {
			return errDown
		}
		return nil
	}
	if _, err := load.Run(t.Context(), whole(t), r, journal, config(10, 1), nil); !errors.Is(err, errDown) {
		t.Fatalf("got %v, want %v", err, errDown)
	}
	report, err := load.Run(t.Context(), whole(t), r, journal, config(10, 1), nil)
	if err != nil || report.Resumed != 30 {
		t.Errorf("resumed at %d, %v, want 30", report.Resumed, err)
	}
	sameStored(t, r.stored, unbroken(t))
}
