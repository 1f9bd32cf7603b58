package registry

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// highest returns the highest version of a folder.
func highest(folder fs.FS) (string, error) {
	names, err := versions(folder)
	if err != nil {
		return "", err
	}
	if len(names) == 0 {
		return "", errors.New("the folder of versions holds none: a version is a folder with manifest.json, model.onnx and golden.json")
	}
	return slices.MaxFunc(names, compare), nil
}

// compare orders names as people do: numbers in them count as numbers.
func compare(a, b string) int {
	for a != "" && b != "" {
		partA, partB := head(a), head(b)
		a, b = a[len(partA):], b[len(partB):]
		if digit(partA[0]) && digit(partB[0]) {
			shortA, shortB := strings.TrimLeft(partA, "0"), strings.TrimLeft(partB, "0")
			if len(shortA) != len(shortB) {
				return len(shortA) - len(shortB)
			}
			partA, partB = shortA, shortB
		}
		if order := strings.Compare(partA, partB); order != 0 {
			return order
		}
	}
	return len(a) - len(b)
}

// head is the digits that a name begins with, or all before its first digit.
func head(name string) string {
	end := 1
	for end < len(name) && digit(name[end]) == digit(name[0]) {
		end++
	}
	return name[:end]
}

func digit(b byte) bool { return b >= '0' && b <= '9' }

// look describes the files of a version: names, sizes and times.
func look(folder fs.FS, name string) (string, error) {
	entries, err := fs.ReadDir(folder, name)
	if err != nil {
		return "", fmt.Errorf("version %q: %w", name, err)
	}
	lines := make([]string, 0, len(entries))
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			return "", fmt.Errorf("version %q: %w", name, err)
		}
		lines = append(lines, fmt.Sprintf("%s %d %d", entry.Name(), info.Size(), info.ModTime().UnixNano()))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n"), nil
}
