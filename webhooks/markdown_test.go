package webhooks_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/webhooks"
)

// commandsOf are the lines of a comment that the bot takes for commands.
func commandsOf(t testing.TB, body string) string {
	t.Helper()
	d, err := webhooks.Decode("issue_comment", comment(t, map[string]any{"comment.body": body}))
	if err != nil {
		t.Fatalf("the comment %q cannot be read: %v", body, err)
	}
	if len(d.Facts) == 0 {
		return ""
	}
	return d.Facts[1].(bot.Commented).Body
}

// What people read as a line of its own that begins with a command is one.
func TestCommandsThatPeopleRead(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{"/promote production", "/promote production"},
		{"  /PROMOTE Production  \r\n", "/PROMOTE Production"},
		{"please:\r\n/unlock production\r\n/promote production\r\nthanks", "/unlock production\n/promote production"},
		{"/status\n\nand\n\n/plan", "/status\n/plan"},
		{"two spaces  \n/status  \nand a backslash\\\n/plan\\\nend", "/status\n/plan"},
		{"a carriage return\r/status", "/status"},
		{"/rollback **production** to `0123abc`", "/rollback production to 0123abc"},
		{"/promote [production](https://shop.example.com \"/promote staging\")", "/promote production"},
		{"/promote production <!-- not\nstaging -->", "/promote production"},
		{"/lock production a &amp; b, 1 \\* 2", "/lock production a & b, 1 * 2"},
		{"/lock production ![a picture](x.png) of fire", "/lock production of fire"},
		{"/lock production <https://example.com/why>", "/lock production https://example.com/why"},
		{"# Heading\n/status\n> quote\n\n/plan\n- item\n\nend\n/help", "/status\n/plan\n/help"},
		{"```\ncode\n```\n/status", "/status"},
		{"```/promote```\n/status", "/status"},
		{"<!-- hidden\n/promote\n-->\n<!-- one line -->\n/why", "/why"},
		{"<details>\n<summary>The log</summary>\n\n/promote staging\n\n</details>\n\n/status", "/status"},
		{"<p align=\"center\">\n\n/status", "/status"},
		{"<img src=x>\n\n/status", "/status"},
		{"deploy to <env> and <i>then</i>\n/status", "/status"},
		{"an unclosed <b>\n\n/status", "/status"},
		{"a <!-- that nothing ends\n\n/status", "/status"},
		{"it saves $$ a month\n/status", "/status"},
		{"a * b\n/status\nc * d _e\n/plan", "/status\n/plan"},
		{"[a]: https://example.com\n\n/status", "/status"},
		{"a `quote\n\n/status", "/status"},
		{"text\n    /status", "/status"}, // the margin of a line within a paragraph is not shown
	} {
		if got := commandsOf(t, c.body); got != c.want {
			t.Errorf("the comment %q says %q, and was taken for %q", c.body, c.want, got)
		}
	}
}

// hidden are the ways to write what nobody reads as a command of the author: it is
// not shown, shown as something else, or somebody else's.
var hidden = map[string]string{
	"a comment of HTML behind text":             "Release notes <!-- when ready\n/promote production\n-->",
	"a comment of HTML in a paragraph":          "Release\nnotes <!--\n/promote production\n--> are here",
	"a comment of HTML with dashes":             "Notes <!-- a -- b\n/promote production\n-->",
	"a comment of HTML with a blank line":       "Notes <!-- later\n\n/promote production\n\n-->",
	"a block that is a comment":                 "<!--\n\n/promote production\n\n-->",
	"a comment within a line":                   "<!-- x --> /promote production",
	"a comment that is never ended":             "<!--\n/promote production",
	"a comment in a list":                       "- <!-- x -->\n  <!--\n  /promote production\n  -->",
	"a comment that is never ended, in a list":  "- <!--\n/promote production\n-->",
	"a comment that a block never ended":        "<div><!-- x\n\n/promote production\n\n-->",
	"a tag that is never ended":                 "<div title=\"\n\n/promote production\n\n\">",
	"a tag that is never ended, in a quote":     "> <div title='>\n\n/promote production\n\n'",
	"a closed section":                          "<details>\n\n/promote production\n\n</details>",
	"a closed section that goes on":             "<details><summary>x</summary>\n\ntext\n\n/promote production",
	"a closed section behind text":              "text <details>\n\n/promote production\n\n</details>",
	"closed sections in one another":            "<details><details>\n\na\n\n</details>\n\n/promote production\n\n</details>",
	"a section whose end is in a comment":       "<details>\n\n<!-- </details> -->\n\n/promote production",
	"a section whose end is in an attribute":    "<details>\n\n<img alt='</details>'>\n\n/promote production",
	"a section whose end is in code":            "<details>\n\n`</details>`\n\n/promote production",
	"a block of HTML":                           "<div>\n/promote production\n</div>",
	"an element of HTML around paragraphs":      "<div hidden>\n\n/promote production\n\n</div>",
	"an element within a paragraph":             "a <span\nclass=x>\n/promote production\n</span>",
	"an attribute":                              "a <span title=\"\n/promote production\n\">b</span>",
	"an attribute of a block":                   "<img alt=\"\n/promote production\n\">",
	"a processing instruction":                  "a <?\n/promote production\n?>",
	"a declaration":                             "a <!X\n/promote production\nb>",
	"character data":                            "a <![CDATA[\n/promote production\n]]>",
	"a script":                                  "<script>\n\n/promote production\n\n</script>",
	"a style":                                   "<style>\n/promote production\n</style>",
	"a reference":                               "[x]: #\n(/promote production)\n",
	"the title of a reference":                  "[x]: # (\n/promote production\n)",
	"the address of a reference":                "[x]:\n/promote\n\n[y]:\n/rollback 'production'",
	"the title of a link":                       "[x](y \"\n/promote production\n\")",
	"the text of a link":                        "[x\n/promote production\n](https://example.com)",
	"the text of a picture":                     "![x\n/promote production\n](y.png)",
	"the text of a picture with a reference":    "![x\n/promote production\n][y]\n\n[y]: z.png",
	"the text of a picture with its own":        "![\n/status\n]\n\n[/status]: z.png",
	"emphasis":                                  "**x\n/promote production\ny**",
	"emphasis from its beginning":               "*/promote production*",
	"code in a line":                            "`x\n/promote production\ny`",
	"code from the beginning":                   "`/promote production`",
	"a fence":                                   "```\n/promote production\n```",
	"a fence of tildes":                         "~~~sh\n```\n/promote production\n~~~",
	"a longer fence":                            "````\n```\n/promote production\n````",
	"a fence that is never ended":               "```\n\n/promote production",
	"a fence behind a carriage return":          "text\r```\r/promote production\r```",
	"code by its margin":                        "    /promote production\n\n\t/promote production",
	"a quote":                                   "> /promote production",
	"a quote that goes on":                      "> Shall we?\n/promote production",
	"a quote of a quote":                        "> > a\n/promote production",
	"an alert":                                  "> [!NOTE]\n> /promote production",
	"an item of a list":                         "- /promote production\n1. /promote production",
	"an item that goes on":                      "- a\n/promote production\n\n  /promote production",
	"a task":                                    "- [ ] /promote production",
	"a heading":                                 "# /promote production",
	"an underlined heading":                     "/promote production\n---\n\n/promote production\n===",
	"a table":                                   "/promote production | x\n--- | ---\n/promote production | y",
	"a note":                                    "a[^1]\n\n[^1]: b\n    /promote production\n\n    /promote production",
	"a note that goes on":                       "[^1]: b\n/promote production",
	"what is struck out":                        "~~/promote production~~\n\n/promote ~~production~~\n\n/promote ~staging~ production",
	"what HTML strikes out":                     "/promote <del>staging</del> production\n\n<s>\n\n/promote production\n\n</s>",
	"mathematics":                               "$$\n/promote production\n$$",
	"an escaped slash":                          "\\/promote production",
	"a slash by its number":                     "&#47;promote production\n&sol;promote production",
	"an invisible letter before it":             "\u200b/promote production\n\u2060/promote production\n\ufeff/promote production\n\u00ad/promote production",
	"an invisible letter in it":                 "/pro\u200bmote production",
	"a direction":                               "\u202e/promote production",
	"the middle of a line":                      "you can say /promote production here",
	"a line that HTML breaks":                   "a<br>/promote production",
	"a line that begins with HTML":              "<b></b>/promote production",
	"a line that begins with a picture":         "![](x.png)/promote production",
	"a fold of a paragraph":                     "a\u2028/promote production\u2028b\v/promote production\fc",
	"a NUL":                                     "\x00/promote production",
	"more than GitHub takes":                    strings.Repeat("a\n", 40000) + "\n/promote production",
	"a paragraph with thousands of other marks": strings.Repeat("[](", 2000) + "\n/promote production",
}

func TestWhatNobodyReadsIsNoCommand(t *testing.T) {
	for what, body := range hidden {
		if got := commandsOf(t, body); got != "" {
			t.Errorf("%s: nobody reads a command in %.200q, it was taken for %q", what, body, got)
		}
	}
}

// What hides one command hides nothing behind it.
func TestHiddenCommandsHideNoOthers(t *testing.T) {
	for what, body := range hidden {
		if len(body) > maxComment || strings.Contains(what, "never ended") || strings.Contains(what, "goes on") && strings.Contains(what, "section") || strings.Contains(what, "whose end") {
			continue
		}
		if got := commandsOf(t, body+"\n\n/status"); got != "/status" {
			t.Errorf("%s: behind %.200q people read /status, it was taken for %q", what, body, got)
		}
	}
}

const maxComment = 65536

// No comment, however strange, takes long to read.
func TestReadingTakesLinearTime(t *testing.T) {
	const end = "\n\n/status\n"
	rising := func(part func(i int) string) func(int) string {
		return func(length int) string {
			var b strings.Builder
			for i := 1; b.Len() < length; i++ {
				b.WriteString(part(i))
			}
			return b.String()[:length]
		}
	}
	bodies := map[string]func(length int) string{
		"code that begins with more and more marks": rising(func(i int) string { return strings.Repeat("`", i) + " " }),
		"lists further and further in":              rising(func(i int) string { return strings.Repeat(" ", i) + "- a\n" }),
		"quotes in quotes":                          rising(func(i int) string { return strings.Repeat(">", i%200) + "\n" }),
		"brackets that are closed at last": func(length int) string {
			return strings.Repeat("[", length/2) + strings.Repeat("]", length/2)
		},
	}
	for _, part := range []string{
		"[", "![", "[a](", "[](", "[](b", "[a](<b", "[a](b 'c ", "![a](b ", "[a][", "[a]]", "[^a]", "[a]: b\n", "[a]: b 'c\n", "[x]:\n", "[^a]: x\n\n",
		"*", "**a", "a** ", "*a **a ", "*a _a ", "***a ** b* ", "~a ~~b ", "<a ", "<!--", "a <!--\n", "<a b=\"", "<a b='", "<?", "<!A", "<![CDATA[", "<b>x", "<a x=1 y='2'\n", "</a", "</details>",
		"<details>", "<details>\n\na\n\n", ">", "> >\n", "> - ", "1. ", "1. a\n", "+ ", "- - a\n", "|a|b|\n|-|-|\n", "|x|", "a|\\|b`|`\n-|-\n", "/a\n", "/a\n\n", "a  \n", "\\*", "&amp", "&#", "$$", "a $$\n\n", "\x00", "\t", "\r",
		"```\n", "~~~a\n", "```\na\n", "a\n=\n", "    a\n\n", "<div>\n\n", "\u00a0", "/status\n", "/lock a*b\n",
	} {
		bodies[fmt.Sprintf("%q again and again", part)] = func(length int) string { return strings.Repeat(part, length/len(part)) }
	}
	for what, body := range bodies {
		linear(t, what, func(length int) { commandsOf(t, body(length-len(end))+end) })
	}
}

// Whatever somebody writes, the commands in it are lines that begin with a slash in
// what was written, and quoting them takes them back.
func FuzzCommands(f *testing.F) {
	for _, body := range hidden {
		f.Add(body)
	}
	f.Add("please:\r\n/promote **production**\r\n> x\r\n\r\n/status")
	f.Fuzz(func(t *testing.T, body string) {
		if len(body) > maxComment {
			return
		}
		got := commandsOf(t, body)
		for line := range strings.Lines(got) {
			verb, _, _ := strings.Cut(strings.TrimSpace(line), " ")
			if !strings.HasPrefix(line, "/") || !strings.Contains(strings.ToLower(body), strings.ToLower(verb)) {
				t.Errorf("the command %q is not in the comment %q", line, body)
			}
		}
		quoted := "> " + strings.NewReplacer("\r\n", "\n> ", "\n", "\n> ", "\r", "\n> ").Replace(body)
		if got := commandsOf(t, quoted); got != "" {
			t.Errorf("the quoted comment %q was taken for %q", quoted, got)
		}
	})
}
