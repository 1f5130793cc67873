package github

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/redact"
)

// Who made a commit, by the commit's own data. Its maker can choose that data freely, so it only ever adds people. Only
// GitHub's signature proves anything.

// The account of GitHub's own commits, such as merges and edits in the browser. On other servers than github.com it has
// another number.
const (
	webFlow   = 19864447
	webLogin  = "web-flow"
	webEmail  = "noreply@github.com"
	mostNames = 80 // bytes of a name that are shown
)

// accountWire is a user in GitHub's answers; null or empty where no account has the address.
type accountWire struct {
	ID    int64
	Login string
	Type  string
}

func (a accountWire) account() bot.Account {
	return bot.Account{ID: a.ID, Login: a.Login, Bot: a.Type == "Bot"}
}

// nameWire is a name in a commit.
type nameWire struct{ Name, Email string }

// madeWire is a commit with the data about its makers.
type madeWire struct {
	SHA    string
	Commit struct {
		Message           string
		Author, Committer nameWire
		Verification      struct{ Verified bool }
	}
	Author, Committer accountWire
	Parents           []struct{ SHA string }
}

// byGitHub reports whether a commit names GitHub as its committer.
func (c madeWire) byGitHub() bool {
	return c.Committer.ID == webFlow || c.Committer.Login == webLogin || c.Committer.ID == 0 && strings.EqualFold(c.Commit.Committer.Email, webEmail)
}

// signedByGitHub reports whether GitHub's signature proves that.
func (c madeWire) signedByGitHub() bool {
	return c.Commit.Verification.Verified && (c.Committer.ID == webFlow || c.Committer.Login == webLogin)
}

func (c madeWire) parents() (list []string) {
	for _, p := range c.Parents {
		list = append(list, p.SHA)
	}
	return list
}

// made returns the commit's makers. Co-authors whose address has no number are returned separately.
func (c madeWire) made() (m bot.CommitMakers, coauthors []nameWire) {
	m = bot.CommitMakers{SHA: c.SHA, Parents: c.parents(), Web: c.byGitHub()}
	m.Signed = c.Commit.Verification.Verified && !m.Web && c.Committer.ID != 0 && c.Committer.Type != "Bot"
	nameOf(&m, c.Commit.Author, c.Author.account(), bot.PartAuthor)
	if !m.Web {
		nameOf(&m, c.Commit.Committer, c.Committer.account(), bot.PartCommitter)
	}
	for _, who := range coAuthors(c.Commit.Message) {
		if id := numbered(who.Email); id != 0 {
			m.By = append(m.By, bot.Maker{Account: bot.Account{ID: id, Login: redact.Line(redact.Redact(who.Name), mostNames)}, As: bot.PartCoAuthor})
		} else {
			coauthors = append(coauthors, who)
		}
	}
	return m, coauthors
}

var (
	coAuthorLine = regexp.MustCompile(`(?im)^[ \t]*co-authored-by[ \t]*:(.*)$`)
	address      = regexp.MustCompile(`^(.*?)<[ \t]*([^<> \t]+)[ \t]*>`)
	// numberedMail is GitHub's address for people who hide theirs.
	numberedMail = regexp.MustCompile(`^([0-9]{1,18})\+[^@]+@users\.noreply\.github\.com$`)
)

// tool is an address that takes no mail: tools use one as co-authors. A person who hides behind it could also name
// nobody.
var tool = regexp.MustCompile(`(?i)^no-?reply@`)

// coAuthors lists the co-authors in a message: anywhere in it, even without an address.
func coAuthors(message string) (list []nameWire) {
	for _, line := range coAuthorLine.FindAllStringSubmatch(strings.ReplaceAll(message, "\r", "\n"), -1) {
		who := nameWire{Name: strings.TrimSpace(line[1])}
		if parts := address.FindStringSubmatch(line[1]); parts != nil {
			who = nameWire{Name: strings.TrimSpace(parts[1]), Email: parts[2]}
		}
		if !tool.MatchString(who.Email) {
			list = append(list, who)
		}
	}
	return list
}

// numbered returns the account that an address names; 0: none.
func numbered(email string) int64 {
	parts := numberedMail.FindStringSubmatch(strings.ToLower(email))
	if parts == nil {
		return 0
	}
	id, _ := strconv.ParseInt(parts[1], 10, 64) // at most 18 digits
	return id
}

func lower(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// nameOf adds a name to a commit: an account, or nobody.
func nameOf(m *bot.CommitMakers, who nameWire, by bot.Account, as bot.Part) {
	if by.ID != 0 {
		m.By = append(m.By, bot.Maker{Account: by, As: as})
		return
	}
	m.Unattributed = append(m.Unattributed, strings.TrimSpace("the "+string(as)+" "+redact.Line(redact.Redact(who.Name), mostNames)))
}
