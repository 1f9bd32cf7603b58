package shop

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// Files are the shop's data in the form the services load: users.csv, items.csv and events.csv (before T), replay.csv
// (the holdout), each as gzip (name.gz), and views.yaml, by name. The CSV files are UTF-8 with a header line; ids are
// text, times RFC 3339 in UTC, revenue US dollars for the whole line, and an empty field is null.
func (s *Shop) Files() (map[string][]byte, error) {
	files := map[string][]byte{"views.yaml": viewsYAML()}
	for name, rows := range map[string][][]string{
		"users.csv": s.userTable(), "items.csv": s.itemTable(), "events.csv": s.eventTable(s.Events), "replay.csv": s.eventTable(s.Holdout),
	} {
		packed, err := pack(rows)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		files[name+".gz"] = packed
	}
	return files, nil
}

// Write writes Files into a folder, which it makes where it is missing.
func (s *Shop) Write(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // the files are for everybody
		return err
	}
	files, err := s.Files()
	if err != nil {
		return err
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil { //nolint:gosec // the files are for everybody
			return err
		}
	}
	return nil
}

// pack writes CSV through gzip, without a file name or a time in its header.
func pack(rows [][]string) ([]byte, error) {
	var out bytes.Buffer
	zip, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if err := csv.NewWriter(zip).WriteAll(rows); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func (s *Shop) userTable() [][]string {
	header := []string{"user_id"}
	for _, feature := range UserFeatures() {
		header = append(header, feature.Name)
	}
	table := [][]string{header}
	for u, values := range s.userRows() {
		table = append(table, append([]string{s.Users[u].ID, s.Users[u].Segment}, texts(values)...))
	}
	return table
}

func (s *Shop) itemTable() [][]string {
	header := []string{"item_id", "title", "category", "brand", "season", "listed"}
	for _, feature := range ItemFeatures() {
		header = append(header, feature.Name)
	}
	table := [][]string{header}
	for i, values := range s.itemRows() {
		item := &s.Items[i]
		row := []string{item.ID, item.Title, item.Category, item.Brand, item.Season, item.Listed.Format(time.DateOnly)}
		table = append(table, append(row, texts(values)...))
	}
	return table
}

func (s *Shop) eventTable(events []Event) [][]string {
	table := [][]string{{"event_id", "user_id", "item_id", "type", "quantity", "revenue", "ts"}}
	for i := range events {
		e := &events[i]
		table = append(table, []string{
			e.ID, e.UserID, e.ItemID, "purchase", strconv.Itoa(e.Quantity),
			fmt.Sprintf("%d.%02d", e.Cents/100, e.Cents%100), e.Time.Format(time.RFC3339),
		})
	}
	return table
}

func texts(values []float64) []string {
	texts := make([]string, len(values))
	for i, v := range values {
		if !math.IsNaN(v) {
			texts[i] = strconv.FormatFloat(round(v), 'f', -1, 64)
		}
	}
	return texts
}
