package vsm

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// shop is the map of a pipeline: build and checks side by side, three stages, the last of
// which needs another pipeline's.
func shop() ([]string, []Edge) {
	return []string{"push", "build", "checks", "staging", "canary", "production", "acme/api:production"},
		[]Edge{{"push", "build"}, {"push", "checks"}, {"build", "staging"}, {"checks", "staging"}, {"staging", "canary"}, {"canary", "production"}, {"acme/api:production", "production"}}
}

func draw(p Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d columns, %d half rows\n", p.Columns, p.Rows)
	for _, place := range p.Places {
		fmt.Fprintf(&b, "%d.%d %s\n", place.Column, place.Row, place.Box)
	}
	return b.String()
}

func TestLay(t *testing.T) {
	want := `5 columns, 4 half rows
0.1 push
1.0 build
1.2 checks
2.1 staging
3.0 canary
3.2 acme/api:production
4.1 production
`
	if got := draw(Lay(shop())); got != want {
		t.Errorf("expected\n%s\ngot\n%s", want, got)
	}
}

func TestLayNothing(t *testing.T) {
	if p := Lay(nil, []Edge{{"a", "b"}}); p.Columns != 0 || p.Width() != 0 || len(p.Lines) != 0 {
		t.Errorf("a map of nothing should be empty, got %+v", p)
	}
	if p := Lay([]string{"a", "a", ""}, []Edge{{"a", "a"}, {"a", "b"}, {"a", ""}}); len(p.Places) != 1 || len(p.Lines) != 0 {
		t.Errorf("a box should stand once, and lines to nowhere are left out: got %+v", p)
	}
}

// A stage that needs what the first one needs, too, is far from it: the line takes places of its own.
func TestLongLines(t *testing.T) {
	p := Lay([]string{"a", "b", "c", "d"}, []Edge{{"a", "b"}, {"b", "c"}, {"c", "d"}, {"a", "d"}})
	if p.Rows != 4 {
		t.Errorf("the line from a to d should have places beside b and c: %s", draw(p))
	}
	if line := p.Lines[3]; strings.Count(line.Path, "H") != 2 {
		t.Errorf("the line should go straight through two places, got %s", line.Path)
	}
}

func TestMapsAreSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 16).Draw(t, "boxes")
		boxes := make([]string, n)
		for i := range boxes {
			boxes[i] = fmt.Sprint("b", i)
		}
		var edges []Edge
		for range rapid.IntRange(0, 24).Draw(t, "edges") {
			edges = append(edges, Edge{rapid.SampledFrom(boxes).Draw(t, "before"), rapid.SampledFrom(boxes).Draw(t, "after")})
		}
		p := Lay(boxes, edges)
		if again := Lay(boxes, edges); draw(again) != draw(p) || !slices.Equal(again.Lines, p.Lines) {
			t.Errorf("the same map should be laid out in the same way")
		}
		at := map[string]Place{}
		taken := map[[2]int]string{}
		for _, place := range p.Places {
			at[place.Box] = place
			for half := range 2 {
				cell := [2]int{place.Column, place.Row + half}
				if other := taken[cell]; other != "" {
					t.Errorf("%s stands on %s", place.Box, other)
				}
				taken[cell] = place.Box
			}
			if place.Column < 0 || place.Column >= p.Columns || place.Row < 0 || place.Row+2 > p.Rows {
				t.Errorf("%s stands outside of the map: %+v of %d × %d", place.Box, place, p.Columns, p.Rows)
			}
		}
		if len(at) != n {
			t.Errorf("every box should have its place, %d of %d have", len(at), n)
		}
		for _, line := range p.Lines {
			if at[line.Before].Column >= at[line.After].Column {
				t.Errorf("%s should stand left of %s", line.Before, line.After)
			}
			throughBoxes(t, p, taken, line)
		}
	})
}

// throughBoxes looks at the straight parts of a line, which are as wide as boxes.
func throughBoxes(t *rapid.T, p Plan, taken map[[2]int]string, line Line) {
	var x, y int
	if _, err := fmt.Sscanf(line.Path, "M%d %d", &x, &y); err != nil {
		t.Fatalf("%s: %v", line.Path, err)
	}
	for _, curve := range strings.Split(line.Path, "C")[1:] {
		curve, straight, goesOn := strings.Cut(curve, "H")
		var n [6]int
		if _, err := fmt.Sscan(curve, &n[0], &n[1], &n[2], &n[3], &n[4], &n[5]); err != nil {
			t.Fatalf("%s: %v", line.Path, err)
		}
		if n[4]-x > 2*free || n[4] <= x {
			t.Errorf("the line from %s to %s is not straight beside a box: %s", line.Before, line.After, line.Path)
		}
		x, y = n[4], n[5]
		if goesOn {
			if box := taken[[2]int{x / columnUnit, y/rowUnit - 1}]; box != "" {
				t.Errorf("the line from %s to %s crosses %s: %s", line.Before, line.After, box, line.Path)
			}
			if _, err := fmt.Sscan(straight, &x); err != nil {
				t.Fatalf("%s: %v", line.Path, err)
			}
		}
	}
}
