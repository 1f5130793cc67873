package webhooks

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Bounds on reading a comment. GitHub accepts 65,536 characters. Text that nobody writes but that takes a parser long
// has no commands.
const (
	maxComment = 65536
	// maxMarks bounds the special characters in one paragraph: the time for some grows with their square.
	maxMarks = 1000
	// maxNesting bounds how deep quotes and lists may be nested.
	maxNesting = 50
)

// A comment is parsed twice. The first time finds only its blocks. The second time reads each paragraph alone, so that
// a comment costs no more than the sum of its paragraphs. Parsers may be shared.
var (
	blockParser = parser.NewParser(
		parser.WithBlockParsers(append(parser.DefaultBlockParsers(), util.Prioritized(extension.NewFootnoteBlockParser(), 999))...),
		parser.WithParagraphTransformers(append(parser.DefaultParagraphTransformers(), util.Prioritized(extension.NewTableParagraphTransformer(), 200))...),
	)
	inlineParser = parser.NewParser(
		parser.WithBlockParsers(util.Prioritized(parser.NewParagraphParser(), 1000)),
		parser.WithInlineParsers(append(parser.DefaultInlineParsers(), util.Prioritized(extension.NewStrikethroughParser(), 500))...),
	)
)

// slashLines returns the lines of a comment that start with a visible slash. They are lines of paragraphs, outside of
// quotes, lists, tables, headings, code and HTML, without their formatting. A line whose slash is escaped or formatted
// is left out: nobody knows whether it is meant.
func slashLines(comment string) []string {
	if len(comment) > maxComment && utf8.RuneCountInString(comment) > maxComment || !hasSlashLine(comment) {
		return nil
	}
	source := []byte(flatten(comment))
	refs := parser.NewContext()
	blocks := blockParser.Parse(text.NewReader(source), parser.WithContext(refs))
	var r reading
	for block := blocks.FirstChild(); block != nil && !r.swallowed; block = block.NextSibling() {
		switch block.Kind() {
		case ast.KindHTMLBlock:
			r.html(block, source)
		case ast.KindParagraph:
			last := block.Lines().At(block.Lines().Len() - 1)
			r.paragraph(linesOf(block, source), source[last.Stop:], refs)
		default:
			r.within(block, source)
		}
	}
	return r.lines
}

// hasSlashLine reports cheaply whether there may be any such line.
func hasSlashLine(comment string) bool {
	for line := range strings.FieldsFuncSeq(comment, func(c rune) bool { return c == '\n' || c == '\r' }) {
		if strings.HasPrefix(strings.TrimSpace(line), "/") {
			return true
		}
	}
	return false
}

// flatten normalizes line endings, and bounds the nesting of each line.
func flatten(comment string) string {
	comment = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "\uFFFD").Replace(comment)
	var b strings.Builder
	for line := range strings.Lines(comment) {
		depth := 0
		for i, c := range line {
			if c == '>' || c == '-' || c == '+' || c == '*' || c == '.' || c == ')' {
				depth++
			} else if c != ' ' && c != '\t' && (c < '0' || c > '9') {
				break
			}
			if depth > maxNesting {
				line = line[:i] + "x\n"
				break
			}
		}
		b.WriteString(line)
	}
	return b.String()
}

func linesOf(block ast.Node, source []byte) []byte {
	var b []byte
	for i := range block.Lines().Len() {
		line := block.Lines().At(i)
		b = append(b, line.Value(source)...)
	}
	return b
}

// reading is a comment being read from its first block to its last.
type reading struct {
	lines []string
	open  []string // elements that HTML has opened and not closed, the innermost last
	// unseen reports that an HTML comment has begun that Markdown does not recognize, because of a blank line in it.
	// People see its text but were not meant to.
	unseen bool
	// swallowed reports that a tag or a comment contains the rest.
	swallowed bool
}

// within looks for HTML in a quote or a list. Elements opened there are closed at its end.
func (r *reading) within(block ast.Node, source []byte) {
	_ = ast.Walk(block, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if node.Kind() == ast.KindHTMLBlock && entering {
			r.swallowed = r.swallowed || unfinished(htmlOf(node, source))
		}
		return ast.WalkContinue, nil
	})
}

func htmlOf(block ast.Node, source []byte) []byte {
	raw := linesOf(block, source)
	if b := block.(*ast.HTMLBlock); b.HasClosure() {
		raw = append(raw, b.ClosureLine.Value(source)...)
	}
	return raw
}

// html reads which elements a block of HTML opens and closes.
func (r *reading) html(block ast.Node, source []byte) {
	raw := htmlOf(block, source)
	r.swallowed = unfinished(raw)
	r.tags(raw, func(name string) bool { return formats[name] || outlives(name) })
}

// paragraph reads the lines of a paragraph; behind is the text after it.
func (r *reading) paragraph(source, behind []byte, refs parser.Context) {
	if !hasSlashLine(string(source)) && !bytes.ContainsAny(source, "<>") {
		return
	}
	marks := 0
	for _, c := range source {
		if strings.IndexByte("[]<>!*_~`\\&$", c) >= 0 {
			marks++
		}
	}
	if marks > maxMarks {
		r.tags(source, outlives)
		return
	}
	outside := len(r.open)
	p := paragraph{reading: r, source: source, behind: behind}
	document := inlineParser.Parse(text.NewReader(source), parser.WithContext(refs))
	for block := document.FirstChild(); block != nil; block = block.NextSibling() {
		for node := block.FirstChild(); node != nil; node = node.NextSibling() {
			p.inline(node, true)
		}
		p.end()
	}
	// Formatting ends with its paragraph, at the latest.
	kept := r.open[:min(outside, len(r.open))]
	for _, name := range r.open[len(kept):] {
		if outlives(name) {
			kept = append(kept, name)
		}
	}
	r.open = kept
}

// paragraph is a paragraph being read, line by line.
type paragraph struct {
	*reading
	source  []byte
	behind  []byte // the rest of the comment
	line    strings.Builder
	begun   bool // the line is not empty
	plain   bool // and began with an unformatted slash
	struck  bool // part of it is struck out: it is not meant
	formula bool // it is mathematics
}

// inline reads a part of the paragraph. top reports that nothing formats it.
func (p *paragraph) inline(node ast.Node, top bool) {
	switch n := node.(type) {
	case *ast.Text:
		p.text(n.Segment.Value(p.source), top, n.IsRaw())
		if !n.IsRaw() {
			p.signs(n.Segment)
		}
		if n.SoftLineBreak() || n.HardLineBreak() {
			p.end()
		}
		return
	case *ast.RawHTML:
		p.begun = true
		var raw []byte
		for i := range n.Segments.Len() {
			s := n.Segments.At(i)
			raw = append(raw, s.Value(p.source)...)
		}
		p.struck = p.tags(raw, func(name string) bool { return formats[name] || elements[name] }) || p.struck
		return
	case *ast.AutoLink:
		p.text(n.Label(p.source), false, true)
		return
	case *ast.Image: // its text is shown only instead of it, if at all
		p.begun = true
		return
	case *east.Strikethrough:
		p.struck = true
	}
	p.begun = p.begun || node.HasChildren()
	for child := node.FirstChild(); child != nil; child = child.NextSibling() {
		p.inline(child, false)
	}
}

// text reads text as people see it.
func (p *paragraph) text(raw []byte, top, literal bool) {
	if !p.begun {
		raw = []byte(strings.TrimLeft(string(raw), " \t"))
		if len(raw) == 0 {
			return
		}
		p.begun = true
		p.plain = top && raw[0] == '/' && len(p.open) == 0 && !p.unseen && !p.formula
	}
	shown := raw
	if !literal {
		shown = util.UnescapePunctuations(util.ResolveEntityNames(util.ResolveNumericReferences(raw)))
	}
	p.line.Write(shown)
}

// signs reads signs that hide or format the text after them if something ends them. They are plain text to the parser.
func (p *paragraph) signs(segment text.Segment) {
	for i := segment.Start; i < segment.Stop; i++ {
		switch at := p.source[i:]; {
		case bytes.HasPrefix(at, []byte("-->")):
			p.unseen = false
		case bytes.HasPrefix(at, []byte("<!--")):
			p.unseen = p.unseen || bytes.Contains(at, []byte("-->")) || bytes.Contains(p.behind, []byte("-->"))
		case bytes.HasPrefix(at, []byte("$$")):
			p.formula = !p.formula && bytes.Contains(at[2:], []byte("$$"))
			i++
		}
	}
}

// end ends a line.
func (p *paragraph) end() {
	if line := strings.TrimSpace(p.line.String()); p.plain && !p.struck && line != "" {
		p.lines = append(p.lines, strings.Join(strings.FieldsFunc(line, func(c rune) bool { return c == '\n' || c == '\r' }), " "))
	}
	p.line.Reset()
	p.begun, p.plain, p.struck = false, false, false
}
