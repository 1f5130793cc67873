package doctor

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot/words"
)

var serverChecks = []Check{
	{"settings", Server, "Can all settings be used?", settings},
	{"database", Server, "Does the database open, in this version's form, and can it be written to?", database},
	{"backup", Server, "How old is the newest backup?", backup},
	{"clock", Server, "Does this machine's clock agree with GitHub's?", clock},
	{"webhook-url", Server, "Does GitHub send webhooks to this server?", webhookURL},
	{"deliveries", Server, "What were GitHub's last webhooks answered?", deliveries},
	{"arrival", Server, "Did what GitHub delivered come to this database?", arrival},
}

func settings(f *Facts) (list []Finding) {
	for _, p := range f.Problems {
		name, _, _ := strings.Cut(p, " ")
		list = append(list, wrong("change "+strings.TrimSuffix(name, ":")+" and restart the server", "%s", p))
	}
	for _, d := range f.Doubts {
		list = append(list, warning("", "%s", d))
	}
	if len(list) == 0 {
		return one(well("All settings can be used"))
	}
	return list
}

func database(f *Facts) []Finding {
	switch db := f.Database; {
	case !db.Done:
		return nil
	case db.Err != nil:
		return one(wrong("see that DATABASE_URL names the server's database, and that the server has been started on it", "The database cannot be used: %s", reason(db.Err)))
	case db.Value.ReadOnly != nil:
		return one(wrong("give the server's account the right to write there, and see that the disk is not full", "Nothing can be written to %s: %s", db.Value.Name, reason(db.Value.ReadOnly)))
	default:
		return one(well("%s opens and can be written to; form %d, %s", words.Capital(db.Value.Name), db.Value.Form, size(db.Value.Bytes)))
	}
}

// backupAge is how old the newest backup may be: one a day, and one that was late.
const backupAge = 50 * time.Hour

func backup(f *Facts) []Finding {
	const next = "run headstart backup, once a day"
	if f.Backups == "" {
		return one(well("Backups are not looked at: HEADSTART_BACKUPS does not say where they are"))
	}
	switch at := f.Backup; {
	case !at.Done:
		return nil
	case at.Err != nil:
		return one(warning("see that HEADSTART_BACKUPS names the folder of the backups", "The backups cannot be looked at: %s", reason(at.Err)))
	case at.Value.IsZero():
		return one(warning(next, "There is no backup in %s", f.Backups))
	case f.Now.Sub(at.Value) > backupAge:
		return one(warning(next, "The newest backup is %s old", age(f.Now.Sub(at.Value))))
	default:
		return one(well("The newest backup is %s old", age(f.Now.Sub(at.Value))))
	}
}

// GitHub refuses a token that was signed in its future, or more than ten minutes ago. Ours is signed for a minute ago.
const (
	clockOff   = 5 * time.Second
	clockWrong = 45 * time.Second
)

func clock(f *Facts) []Finding {
	const next = "have the clock set by NTP (timedatectl set-ntp true)"
	if !f.Lead.Done {
		return nil
	}
	if f.Lead.Err != nil {
		return one(wrong("see that this machine may connect to GITHUB_API_URL", "GitHub cannot be reached: %s", reason(f.Lead.Err)))
	}
	off := f.Lead.Value.Abs()
	way := "behind"
	if f.Lead.Value < 0 {
		way = "ahead of"
	}
	text := fmt.Sprintf("This machine's clock is %s %s GitHub's", age(off), way)
	switch {
	case off >= clockWrong:
		return one(wrong(next, "%s, so that GitHub refuses what the App signs", text))
	case off >= clockOff:
		return one(warning(next, "%s", text))
	}
	return one(well("This machine's clock agrees with GitHub's"))
}

const onApp = "on the App's settings page, under Webhook"

func webhookURL(f *Facts) (list []Finding) {
	switch h := f.Hook; {
	case !h.Done || h.Err != nil && f.GitHub.Err != nil:
		return nil // the App's credentials are the matter
	case h.Err != nil:
		return one(wrong("see that GitHub answers", "The App's webhook configuration cannot be read: %s", reason(h.Err)))
	}
	hook := f.Hook.Value
	const path = "/webhooks/github"
	at, err := url.Parse(hook.URL)
	want := "https://YOUR-SERVER" + path
	if f.URL != "" {
		want = strings.TrimSuffix(f.URL, "/") + path
	}
	switch {
	case hook.URL == "" || err != nil:
		return one(wrong("set the URL "+want+" "+onApp, "GitHub sends webhooks nowhere"))
	case f.URL != "" && hook.URL != want:
		list = append(list, wrong("set the URL "+want+" "+onApp+", or HEADSTART_URL", "GitHub sends webhooks to %s, and this server is %s", hook.URL, f.URL))
	case at.Path != path:
		list = append(list, wrong("set the path "+path+" "+onApp, "GitHub sends webhooks to %s, where the server takes none", hook.URL))
	}
	if !hook.JSON {
		list = append(list, wrong("choose the content type application/json "+onApp, "GitHub sends webhooks as forms, and the server refuses those"))
	}
	if !hook.Secret {
		list = append(list, wrong("set the secret of GITHUB_WEBHOOK_SECRET "+onApp, "GitHub does not sign its webhooks, and the server refuses those"))
	}
	if hook.Insecure {
		list = append(list, warning("enable SSL verification "+onApp, "GitHub does not check the server's certificate"))
	}
	if len(list) == 0 {
		return one(well("GitHub sends webhooks to %s", hook.URL))
	}
	return list
}

func deliveries(f *Facts) []Finding {
	switch a := f.Attempts; {
	case !a.Done || a.Err != nil && f.GitHub.Err != nil:
		return nil
	case a.Err != nil:
		return one(wrong("see that GitHub answers", "GitHub's log of deliveries cannot be read: %s", reason(a.Err)))
	case len(a.Value) == 0:
		return one(warning("push a commit to a repository with the App, or have the ping sent again: on the App's settings page, under Advanced",
			"GitHub has sent no webhook within three days"))
	}
	all := f.Attempts.Value
	failed, newest := 0, all[0]
	for _, a := range all {
		if !a.OK {
			failed++
		}
	}
	when := age(f.Now.Sub(newest.At)) + " ago"
	switch {
	case !newest.OK:
		meaning, next := answered(newest)
		return one(wrong(next, "GitHub's newest webhook (%s, %s) did not arrive: %s. %d of the last %d failed", newest.Event, when, meaning, failed, len(all)))
	case failed > 0:
		return one(warning("nothing, if the server was restarted then: lost webhooks are asked for again", "%d of GitHub's last %d webhooks failed at first; the newest arrived %s", failed, len(all), when))
	}
	return one(well("GitHub's last %d webhooks arrived, the newest (%s) %s", len(all), newest.Event, when))
}

// answered says what an answer to GitHub means, and what mends it.
func answered(a Attempt) (meaning, next string) {
	switch {
	case a.Status == 401:
		return "the signature did not match", "set the same secret as GITHUB_WEBHOOK_SECRET and " + onApp
	case a.Status == 404 || a.Status == 405:
		return fmt.Sprintf("it was answered %d: there is another path, or another server", a.Status), "see that the URL " + onApp + " leads to this server's /webhooks/github"
	case a.Status == 413:
		return "a proxy refused it as too large", "let the proxy take bodies of 25 MB"
	case a.Status >= 500:
		return fmt.Sprintf("it was answered %d", a.Status), "look into the server's log, and the proxy's"
	case a.Status == 0:
		return "there was no answer in time (" + a.Said + ")", "see that the server runs, and that GitHub may connect to it"
	}
	return fmt.Sprintf("it was answered %d %s", a.Status, a.Said), "look into the server's log, and the proxy's"
}

// arrivalSlack is for counts that are not saved yet, and for clocks that differ.
const arrivalSlack = 2 * time.Minute

// arrival compares what GitHub says was taken with what came to this database.
func arrival(f *Facts) []Finding {
	if !f.Attempts.ok() || !f.Database.ok() || f.Heard == nil {
		return nil
	}
	for _, a := range f.Attempts.Value {
		if !a.OK {
			continue
		}
		if heard := f.Heard[a.Event]; heard.Before(a.At.Add(-arrivalSlack)) {
			return one(wrong("see that the URL "+onApp+" leads to the server that uses this database, and that only one server has it",
				"GitHub delivered a webhook (%s, %s ago) that did not come to this database: another server took it", a.Event, age(f.Now.Sub(a.At))))
		}
		return one(well("The newest webhook that GitHub delivered (%s) came to this database", a.Event))
	}
	return nil
}

// size writes bytes for people.
func size(bytes int64) string {
	if bytes < 1<<20 {
		return fmt.Sprintf("%d kB", (bytes+1023)>>10)
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/(1<<20))
}

// age writes a time for people, in its largest unit.
func age(d time.Duration) string {
	switch d = max(d, 0); {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d days", d/(24*time.Hour))
}
