//go:build browser

package allinone

import (
	"bytes"
	"cmp"
	"context"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
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

// reduce leaves a picture its most frequent colours, and takes the nearest of them for the others.
func reduce(full image.Image) image.Image {
	flat := image.NewRGBA(full.Bounds())
	draw.Draw(flat, flat.Bounds(), full, full.Bounds().Min, draw.Src)
	pixel := func(i int) color.RGBA {
		return color.RGBA{R: flat.Pix[i], G: flat.Pix[i+1], B: flat.Pix[i+2], A: flat.Pix[i+3]}
	}
	counts := map[color.RGBA]int{}
	for i := 0; i < len(flat.Pix); i += 4 {
		counts[pixel(i)]++
	}
	colours := slices.SortedFunc(maps.Keys(counts), func(a, b color.RGBA) int { return cmp.Compare(counts[b], counts[a]) })
	palette := distinct(colours)
	index := map[color.RGBA]uint8{}
	for _, c := range colours {
		index[c] = uint8(palette.Index(c))
	}
	out := image.NewPaletted(flat.Bounds(), palette)
	for i := range out.Pix {
		out.Pix[i] = index[pixel(4*i)]
	}
	return out
}

// distinct returns the first 64 of the colours that differ visibly from all before them: the greys at the edges of letters must not
// crowd out the colours of the charts.
func distinct(colours []color.RGBA) color.Palette {
	var palette color.Palette
	for _, c := range colours {
		if len(palette) == 64 {
			break
		}
		if len(palette) == 0 || apart(c, palette.Convert(c).(color.RGBA)) > 20 {
			palette = append(palette, c)
		}
	}
	return palette
}

func apart(a, b color.RGBA) int {
	sum := 0
	for _, d := range []int{int(a.R) - int(b.R), int(a.G) - int(b.G), int(a.B) - int(b.B)} {
		sum += max(d, -d)
	}
	return sum
}
