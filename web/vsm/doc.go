// Package vsm lays out a value stream map: boxes in columns from left to right, and the lines between them.
//
// A box stands in the column after the last of those that it comes after, and a box that nothing precedes right before
// the first one that needs it. A line over several columns takes a free place in each of them, so it never crosses a
// box. The plan is in units of a grid, not in pixels: a page draws the boxes as elements of a CSS grid, and the lines in
// one SVG that is stretched over it. On a narrow screen the same elements are a list, in the order of the plan.
package vsm
