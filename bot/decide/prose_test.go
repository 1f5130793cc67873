package decide

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// Nothing is decided by words that were made for people, nor by what stands in a key:
// gates and phases are constants, no sentence and no error is searched, and keys are made
// and read in keys.go alone.
func TestGatesAreNoProse(t *testing.T) {
	files := token.NewFileSet()
	names, err := filepath.Glob("../*.go") // the vocabulary
	if err != nil {
		t.Fatal(err)
	}
	for _, room := range []string{"calendar", "command", "pipeline", "gate", "render", "release", "steer", "apply", "decide"} {
		found, err := filepath.Glob("../" + room + "/*.go")
		if err != nil || len(found) == 0 {
			t.Fatalf("the room %s has no Go files: %v", room, err)
		}
		names = append(names, found...)
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
			if what := decidesByProse(strings.TrimPrefix(filepath.ToSlash(name), "../"), n); what != "" {
				t.Errorf("%s %s", files.Position(n.Pos()), what)
			}
			return true
		})
	}
	if looked == 0 {
		t.Error("no file was looked at")
	}
}

// Faults of each kind are found, and what may look like one is not.
func TestProseIsFound(t *testing.T) {
	for code, wrong := range map[string]bool{
		`g.Name == "lock"`:                                 true,
		`g.Name == GateLock`:                               false,
		`Gate{Name: "lock"}`:                               true,
		`strings.Contains(problem, "did you mean")`:        true,
		`strings.Contains(p.Comment.Body, mark)`:           true,
		`strings.HasPrefix(pass.Reason, "taken back")`:     true,
		`strings.Contains(err.Error(), "not found")`:       true,
		`strings.HasPrefix(e.Key, "affected by ")`:         true,
		`strings.Contains(key, "commit ")`:                 true,
		`commandInText.ReplaceAllStringFunc(a.Text, f)`:    true,
		`regexp.MustCompile("/promote ([a-z]+)")`:          true,
		`d.want("checks "+c.SHA, ReadChecks{})`:            true,
		`d.want(fmt.Sprintf("reply %d", 1), Reply{})`:      true,
		`d.wantIdle("head", ReadHead{})`:                   true,
		`d.want(headKey, ReadHead{})`:                      false,
		`d.s.Pending["head"]`:                              true,
		`d.s.Pending[checksKey(sha)]`:                      false,
		`w.phase == "queue"`:                               true,
		`last.Phase != PhaseOrder`:                         false,
		`pendingNotice("queue", "Queued", "")`:             true,
		`newNotice(StatusError, text, "").inPhase("gone")`: true,
		`strings.TrimSuffix(pass.Reason, ".")`:             false,
		`strings.HasPrefix(pull.Head, x.command.SHA)`:      false,
		`strings.Cut(x.command.Text, " ")`:                 false,
	} {
		e, err := parser.ParseExpr(code)
		if err != nil {
			t.Fatal(err)
		}
		found := ""
		ast.Inspect(e, func(n ast.Node) bool {
			if n != nil && found == "" {
				found = decidesByProse("gate/gate.go", n)
			}
			return true
		})
		if (found != "") != wrong {
			t.Errorf("of %s is said: %q", code, found)
		}
	}
}

// readers are the files that read what people and platforms write. That is no prose of
// Headstart's own.
var readers = map[string]bool{
	"command/command.go": true, "command/time.go": true,
}

// What is made for people, and what effects and builds are known by, by the names of
// fields and variables.
var (
	sentences = map[string]bool{
		"Text": true, "Body": true, "Reason": true, "Problem": true, "Missing": true, "After": true, "Who": true, "Trouble": true,
		"problem": true, "reason": true, "body": true, "text": true, "said": true, "warning": true,
	}
	keyNamed = map[string]bool{"Key": true, "key": true, "effect": true}
	searches = map[string]bool{
		"Contains": true, "HasPrefix": true, "HasSuffix": true, "CutPrefix": true, "CutSuffix": true, "Cut": true, "Index": true, "EqualFold": true,
		"Split": true, "Count": true, "ContainsAny": true, "MatchString": true, "FindString": true, "FindStringSubmatch": true,
		"FindAllString": true, "FindAllStringSubmatch": true, "ReplaceAllString": true, "ReplaceAllStringFunc": true,
	}
)

// gateOf are the names by which the package calls a gate that it looks at.
var gateOf = map[string]bool{"g": true, "gate": true, "closed": true}

func decidesByProse(file string, n ast.Node) string {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		if (n.Op == token.EQL || n.Op == token.NEQ) && (isPhase(n.X) && filled(n.Y) || isPhase(n.Y) && filled(n.X)) {
			return "compares a phase with a literal: use its constant"
		}
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
		id, ok := n.Type.(*ast.Ident)
		if s, other := n.Type.(*ast.SelectorExpr); other {
			id, ok = s.Sel, true // gate.Gate
		}
		if ok && id.Name == "Gate" {
			for _, e := range n.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok && kv.Key.(*ast.Ident).Name == "Name" && filled(kv.Value) {
					return "names a gate by a literal: use its constant"
				}
			}
		}
	case *ast.IndexExpr:
		if of, ok := n.X.(*ast.SelectorExpr); ok && of.Sel.Name == "Pending" && spelled(n.Index) {
			return "spells a key in place: keys.go makes them"
		}
	case *ast.CallExpr:
		return callsByProse(file, n)
	}
	return ""
}

func callsByProse(file string, n *ast.CallExpr) string {
	name, of := "", ""
	switch f := n.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
		if x, ok := f.X.(*ast.Ident); ok {
			of = x.Name
		}
	}
	switch {
	case len(n.Args) == 0:
	case of == "regexp" && !readers[file]:
		return "has a regular expression, though it reads nothing from outside"
	case (name == "want" || name == "wantIdle") && spelled(n.Args[0]):
		return "spells a key in place: keys.go makes them"
	case (name == "pendingNotice" || strings.EqualFold(name, "inPhase")) && filled(n.Args[0]):
		return "names a phase by a literal: use its constant"
	case searches[name] && of != "slices" && of != "redact":
		for _, arg := range n.Args {
			if !readers[file] && isNamed(arg, sentences) {
				return "searches what is for people: keep what it says as a value"
			}
			if file != "pipeline/keys.go" && isNamed(arg, keyNamed) {
				return "searches a key: keys.go reads them, and the action says what an effect is"
			}
		}
	}
	return ""
}

// isNamed reports whether an expression is a field or a variable of one of some names, or
// the text of an error. What people wrote in a command may be read.
func isNamed(e ast.Expr, names map[string]bool) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return names[e.Name]
	case *ast.SelectorExpr:
		if of, ok := e.X.(*ast.SelectorExpr); ok && strings.EqualFold(of.Sel.Name, "command") {
			return false
		}
		return names[e.Sel.Name]
	case *ast.CallExpr:
		f, ok := e.Fun.(*ast.SelectorExpr)
		return ok && f.Sel.Name == "Error"
	}
	return false
}

// spelled reports whether a key is put together on the spot.
func spelled(key ast.Expr) bool {
	switch key := key.(type) {
	case *ast.BasicLit, *ast.BinaryExpr:
		return true
	case *ast.CallExpr:
		f, ok := key.Fun.(*ast.SelectorExpr)
		return ok && f.Sel.Name == "Sprintf"
	}
	return false
}

func isPhase(e ast.Expr) bool {
	s, ok := e.(*ast.SelectorExpr)
	return ok && (s.Sel.Name == "phase" || s.Sel.Name == "Phase")
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
