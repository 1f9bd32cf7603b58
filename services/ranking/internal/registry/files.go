package registry

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
)

// The files beside the versions that say what they are used for.
const (
	servingFile = "SERVING"
	canaryFile  = "CANARY"
	shadowFile  = "SHADOW"
)

// errUnreadable is in the error of a file that is there and cannot be read now, which says nothing of what it holds.
var errUnreadable = errors.New("cannot be read")

// wanted is the version that should serve.
func wanted(folder fs.FS) (string, error) {
	content, err := readFile(folder, servingFile)
	if errors.Is(err, fs.ErrNotExist) {
		return highest(folder)
	}
	if err != nil {
		return "", err
	}
	return versionName(servingFile, strings.TrimSpace(content))
}

// readShare reads a file of "VERSION PERCENT". Without the file the name is empty.
func readShare(folder fs.FS, file string) (share, error) {
	content, err := readFile(folder, file)
	if errors.Is(err, fs.ErrNotExist) {
		return share{}, nil
	}
	if err != nil {
		return share{}, err
	}
	words := strings.Fields(content)
	if len(words) != 2 {
		return share{}, fmt.Errorf("%s: is %.100q, expected the name of a version's folder and a percentage, such as \"2025-11-10.1 5\"",
			file, content)
	}
	name, err := versionName(file, words[0])
	if err != nil {
		return share{}, err
	}
	percent, err := strconv.ParseFloat(words[1], 64)
	if err != nil || !(percent > 0 && percent <= 100) {
		return share{}, fmt.Errorf("%s: the percentage is %.100q, expected a number above 0 and up to 100", file, words[1])
	}
	return share{version: version{name: name}, percent: percent}, nil
}

// versionName checks what a file calls a version.
func versionName(file, name string) (string, error) {
	if !fs.ValidPath(name) || name == "." || strings.Contains(name, "/") {
		return "", fmt.Errorf("%s: is %.100q, expected the name of a version's folder", file, name)
	}
	return name, nil
}

// readFile reads a small file. The error is fs.ErrNotExist or wraps errUnreadable.
func readFile(folder fs.FS, name string) (content string, err error) {
	const most = 1024
	file, err := folder.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fs.ErrNotExist
	}
	if err != nil {
		return "", fmt.Errorf("%s %w: %w", name, errUnreadable, err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, most))
	if err != nil {
		return "", fmt.Errorf("%s %w: %w", name, errUnreadable, err)
	}
	return string(text), nil
}
