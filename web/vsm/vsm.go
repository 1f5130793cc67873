package vsm

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Edge is a line between two boxes, by their names. What comes after needs what comes before.
type Edge struct{ Before, After string }

// Plan is a laid out map. The zero value is an empty one.
type Plan struct {
	Columns int
	Rows    int     // in half rows: a box is two of them high
	Places  []Place // by column, and from top to bottom
	Lines   []Line
}

// Place is where a box stands.
type Place struct {
	Box    string
	Column int // from 0
	Row    int // of its upper edge, in half rows from 0
}

// Line is an edge with its path for the attribute d of SVG, in an image of Width × Height of its plan.
type Line struct {
	Edge
	Path string
}

// The size of a column, and of a half row, in the units of the image; and how much of a column is free on each side of
// a box.
const (
	columnUnit = 100
	rowUnit    = 50
	free       = 9
)

// Width is the image's, in its own units.
func (p Plan) Width() int { return p.Columns * columnUnit }

// Height is the image's, in its own units.
func (p Plan) Height() int { return p.Rows * rowUnit }

// node is a box, or the place that a long line takes in a column.
type node struct {
	box    string // empty: of a line
	column int
	row    int // of its middle, in half rows from the middle of the map
	order  float64
	before []*node
	after  []*node
}

// Lay lays a map out. Edges that name unknown boxes, or that lead back to where they come from, are left out.
func Lay(boxes []string, edges []Edge) Plan {
	g := newGraph(boxes, edges)
	if len(g.boxes) == 0 {
		return Plan{}
	}
	g.intoColumns()
	g.passThrough()
	for range 4 {
		g.straighten()
	}
	return g.plan()
}

type graph struct {
	boxes   []*node // in the order given
	named   map[string]*node
	edges   []Edge
	columns [][]*node
	ways    [][]*node // of each edge: its ends, and the places between them
}

func newGraph(boxes []string, edges []Edge) *graph {
	g := &graph{named: map[string]*node{}}
	for _, name := range boxes {
		if g.named[name] == nil && name != "" {
			n := &node{box: name}
			g.boxes, g.named[name] = append(g.boxes, n), n
		}
	}
	for _, e := range edges {
		before, after := g.named[e.Before], g.named[e.After]
		if before == nil || after == nil || slices.Contains(before.after, after) || leadsTo(after, before) {
			continue
		}
		before.after, after.before = append(before.after, after), append(after.before, before)
		g.edges = append(g.edges, e)
	}
	return g
}

// leadsTo reports whether one can go from one box to the other along the lines, or is there.
func leadsTo(from, to *node) bool {
	return from == to || slices.ContainsFunc(from.after, func(n *node) bool { return leadsTo(n, to) })
}

// intoColumns gives each box its column.
func (g *graph) intoColumns() {
	for range g.boxes { // as often as the longest way has steps
		for _, n := range g.boxes {
			for _, b := range n.before {
				n.column = max(n.column, b.column+1)
			}
		}
	}
	for _, n := range g.boxes { // what nothing precedes moves to who needs it, but for the beginning
		if len(n.before) > 0 || len(n.after) == 0 || n == g.boxes[0] {
			continue
		}
		first := slices.MinFunc(n.after, func(a, b *node) int { return cmp.Compare(a.column, b.column) })
		n.column = max(first.column-1, 0)
	}
	for _, n := range g.boxes {
		for len(g.columns) <= n.column {
			g.columns = append(g.columns, nil)
		}
		g.columns[n.column] = append(g.columns[n.column], n)
	}
}

// passThrough gives each long line a place in each column between its ends.
func (g *graph) passThrough() {
	for _, n := range g.boxes {
		n.before, n.after = nil, nil // from here on neighbours in the next columns
	}
	for _, e := range g.edges {
		way := []*node{g.named[e.Before]}
		for c := way[0].column + 1; c < g.named[e.After].column; c++ {
			p := &node{column: c}
			g.columns[c] = append(g.columns[c], p)
			way = append(way, p)
		}
		way = append(way, g.named[e.After])
		for i, n := range way[1:] {
			way[i].after, n.before = append(way[i].after, n), append(n.before, way[i])
		}
		g.ways = append(g.ways, way)
	}
	for _, column := range g.columns {
		number(column)
	}
}

// straighten orders each column by where its neighbours stand, once from the left and once from the right.
func (g *graph) straighten() {
	by := func(column []*node, of func(*node) []*node) {
		for _, n := range column {
			n.order = float64(n.row)
			if list := of(n); len(list) > 0 {
				n.order = 0
				for _, o := range list {
					n.order += float64(o.row) / float64(len(list))
				}
			}
		}
		slices.SortStableFunc(column, func(a, b *node) int { return cmp.Compare(a.order, b.order) })
		number(column)
	}
	for _, column := range g.columns {
		by(column, func(n *node) []*node { return n.before })
	}
	for _, column := range slices.Backward(g.columns) {
		by(column, func(n *node) []*node { return n.after })
	}
}

// number notes the order in a column, which stands in the middle of the map.
func number(column []*node) {
	for i, n := range column {
		n.row = 2*i - (len(column) - 1)
	}
}

func (g *graph) plan() Plan {
	rows := 0
	for _, column := range g.columns {
		rows = max(rows, len(column))
	}
	p := Plan{Columns: len(g.columns), Rows: 2 * rows}
	for _, column := range g.columns {
		for _, n := range column {
			if n.box != "" {
				p.Places = append(p.Places, Place{Box: n.box, Column: n.column, Row: n.row + rows - 1})
			}
		}
	}
	for i, way := range g.ways {
		p.Lines = append(p.Lines, Line{g.edges[i], path(way, rows)})
	}
	return p
}

// path leads from the right edge of the first box to the left edge of the last one.
func path(way []*node, rows int) string {
	y := func(n *node) int { return (n.row + rows) * rowUnit }
	var b strings.Builder
	x := (way[0].column+1)*columnUnit - free
	fmt.Fprintf(&b, "M%d %d", x, y(way[0]))
	for i, n := range way[1:] {
		to := n.column*columnUnit + free
		middle := (x + to) / 2
		fmt.Fprintf(&b, "C%d %d %d %d %d %d", middle, y(way[i]), middle, y(n), to, y(n))
		if x = to; n.box == "" { // straight on through the place
			x = (n.column+1)*columnUnit - free
			fmt.Fprintf(&b, "H%d", x)
		}
	}
	return b.String()
}
