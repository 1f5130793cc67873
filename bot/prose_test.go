package bot

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// Gates are told apart by constants, and no Text is searched that was made for people.
// Errors and keys that are searched are not found here.
func TestGatesAreNoProse(t *testing.T) {
	files := token.NewFileSet()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	looked := 0
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		looked++
		ast.Inspect(file, func(n ast.Node) bool {
			if what := decidesByProse(n); what != "" {
				t.Errorf("%s %s", files.Position(n.Pos()), what)
			}
			return true
		})
	}
	if looked == 0 {
		t.Error("no file was looked at")
	}
}

// gateOf are the names by which the package calls a gate that it looks at.
var gateOf = map[string]bool{"g": true, "gate": true, "closed": true}

func decidesByProse(n ast.Node) string {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		if (n.Op == token.EQL || n.Op == token.NEQ) && (gateName(n.X) && filled(n.Y) || gateName(n.Y) && filled(n.X)) {
			return "compares a gate with a literal: use its constant"
		}
	case *ast.SwitchStmt:
		if n.Tag != nil && gateName(n.Tag) {
			for _, c := range n.Body.List {
				for _, e := range c.(*ast.CaseClause).List {
					if filled(e) {
						return "compares a gate with a literal: use its constant"
					}
				}
			}
		}
	case *ast.CompositeLit:
		if id, ok := n.Type.(*ast.Ident); ok && id.Name == "Gate" {
			for _, e := range n.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok && kv.Key.(*ast.Ident).Name == "Name" && filled(kv.Value) {
					return "names a gate by a literal: use its constant"
				}
			}
		}
	case *ast.CallExpr:
		f, ok := n.Fun.(*ast.SelectorExpr)
		if !ok || len(n.Args) == 0 {
			return ""
		}
		of, ok := f.X.(*ast.Ident)
		text, is := n.Args[0].(*ast.SelectorExpr)
		searches := f.Sel.Name == "Contains" || f.Sel.Name == "HasPrefix" || f.Sel.Name == "HasSuffix" || f.Sel.Name == "CutPrefix"
		if ok && of.Name == "strings" && searches && is && text.Sel.Name == "Text" {
			return "searches a Text, which is for people: keep what it says as a value"
		}
	}
	return ""
}

func gateName(e ast.Expr) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != "Name" {
		return false
	}
	of, ok := s.X.(*ast.Ident)
	return ok && gateOf[of.Name]
}

func filled(e ast.Expr) bool {
	lit, ok := e.(*ast.BasicLit)
	return ok && lit.Value != `""`
}
