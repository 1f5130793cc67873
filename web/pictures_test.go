package web_test

import (
	"bytes"
	"cmp"
	"flag"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Pictures of the pages, as the manual has them; with -pictures.all those of every situation, to be looked at:
//
//	go test ./web -run TestPagesAreAccessible -pictures ../docs/pictures
var (
	pictures    = flag.String("pictures", "", "write pictures of the pages into this `folder`")
	allPictures = flag.Bool("pictures.all", false, "with -pictures: of every page in every situation")
)

// inManual are the pictures of the manual, by page: in which looks.
var inManual = map[string][]string{
	"welcome": {"light", "dark"}, "home": {"light", "dark"}, "home_busy": {"light", "dark", "narrow"}, "home_wall": {"light", "dark"}, "home_empty": {"light", "dark"}, "deliveries": {"light", "dark"}, "missing": {"light", "dark"},
	"candidate_release_failed": {"light", "dark"}, "stage_locked_and_frozen": {"light", "dark"}, "process": {"light", "dark"}, "insights": {"light", "dark"}, "insights_all": {"light", "dark"},
	"pipeline_new": {"light", "dark"}, "pipeline_approval": {"light", "dark", "narrow"}, "pipeline_locked_and_frozen": {"light", "dark"},
}

// keep writes a picture of a page, if it is wanted.
func keep(t *testing.T, page, look string, shot func() []byte) {
	t.Helper()
	if *pictures == "" || !*allPictures && !slices.Contains(inManual[page], look) {
		return
	}
	small, err := shrink(shot())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*pictures, page+"_"+look+".png"), small, 0o644); err != nil {
		t.Fatal(err)
	}
}

// A page has few colours; the others are at the edges of letters.
const (
	mostColours = 96
	apart       = 24 // at least between two of them, in the sum of their three channels, unless there is much of both
)

// shrink is a PNG with a palette of the colours that it has the most of, without those that look like one of them.
func shrink(large []byte) ([]byte, error) {
	from, err := png.Decode(bytes.NewReader(large))
	if err != nil {
		return nil, err
	}
	box, count := from.Bounds(), map[color.RGBA]int{}
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(from.At(x, y)).(color.RGBA) }
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			count[at(x, y)]++
		}
	}
	all := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int {
		return cmp.Or(count[b]-count[a], int(a.R)-int(b.R), int(a.G)-int(b.G), int(a.B)-int(b.B))
	})
	var palette color.Palette
	much := box.Dx() * box.Dy() / 1000
	for _, c := range all {
		if len(palette) < mostColours && (count[c] > much || !slices.ContainsFunc(palette, func(p color.Color) bool { return distance(c, p.(color.RGBA)) < apart })) {
			palette = append(palette, c)
		}
	}
	nearest := map[color.RGBA]uint8{}
	for _, c := range all {
		nearest[c] = uint8(palette.Index(c))
	}
	to := image.NewPaletted(box, palette)
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			to.SetColorIndex(x, y, nearest[at(x, y)])
		}
	}
	var small bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, to)
	return small.Bytes(), err
}

func distance(a, b color.RGBA) int {
	d := func(x, y uint8) int { return max(int(x), int(y)) - min(int(x), int(y)) }
	return d(a.R, b.R) + d(a.G, b.G) + d(a.B, b.B)
}
