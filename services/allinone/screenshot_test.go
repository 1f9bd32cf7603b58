//go:build browser

package allinone

import (
	"bytes"
	"cmp"
	"context"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/chromedp/chromedp"
)

// history is how many requests make up a part of a test. For screenshots it is as much more as REPLI_HISTORY says, so that there
// is something to see.
func history(requests int64) int64 {
	if times, err := strconv.ParseInt(os.Getenv("REPLI_HISTORY"), 10, 64); err == nil {
		return times * requests
	}
	return requests
}

// screenshot writes the whole page as a picture into the folder REPLI_SCREENSHOTS, where one is set.
func screenshot(t *testing.T, ctx context.Context, what string, l look) {
	t.Helper()
	folder := os.Getenv("REPLI_SCREENSHOTS")
	if folder == "" {
		return
	}
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	full, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	var small bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, reduce(full)); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(folder, what+"-"+l.String()+".png")
	if err := os.WriteFile(name, small.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %d bytes", name, small.Len())
}

// reduce leaves a picture its 256 most frequent colours, and takes the nearest of them for the others.
func reduce(full image.Image) image.Image {
	counts := map[color.RGBA]int{}
	size := full.Bounds()
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(full.At(x, y)).(color.RGBA) }
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			counts[at(x, y)]++
		}
	}
	colours := make([]color.RGBA, 0, len(counts))
	for c := range counts {
		colours = append(colours, c)
	}
	slices.SortFunc(colours, func(a, b color.RGBA) int { return cmp.Compare(counts[b], counts[a]) })
	var palette color.Palette
	for _, c := range colours[:min(256, len(colours))] {
		palette = append(palette, c)
	}
	index := map[color.RGBA]uint8{}
	for _, c := range colours {
		index[c] = uint8(palette.Index(c))
	}
	out := image.NewPaletted(size, palette)
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			out.SetColorIndex(x, y, index[at(x, y)])
		}
	}
	return out
}
