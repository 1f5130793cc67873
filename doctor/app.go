package doctor

import (
	"strings"
)

var appChecks = []Check{
	{"credentials", App, "Does the private key belong to the App's ID?", credentials},
	{"permissions", App, "Has the App the permissions that Headstart uses, and no others?", permissions},
	{"events", App, "Does the App subscribe to the events that Headstart uses, and no others?", events},
	{"installed", App, "Is the App installed on any account, and nowhere suspended?", installed},
	{"accepted", App, "Has each account accepted all permissions?", accepted},
}

func credentials(f *Facts) []Finding {
	switch g := f.GitHub; {
	case !g.Done:
		return nil
	case g.Err != nil && f.Lead.failed():
		return nil // GitHub cannot be reached at all
	case g.Err != nil:
		return one(wrong("see that GITHUB_APP_ID and GITHUB_PRIVATE_KEY are of the same App, and that GITHUB_API_URL is right", "GitHub does not accept the App %d: %s", f.AppID, reason(g.Err)))
	default:
		return one(well("The key belongs to the App %d (%s)", f.AppID, g.Value.Slug))
	}
}

const onPermissions = "on the App's settings page, under Permissions & events"

func permissions(f *Facts) (list []Finding) {
	if !f.GitHub.ok() {
		return nil
	}
	app := f.GitHub.Value
	if len(app.MissingPermissions) > 0 {
		list = append(list, wrong("add it "+onPermissions+"; owners of the accounts then accept it", "The App lacks %s", strings.Join(app.MissingPermissions, ", ")))
	}
	if len(app.ExcessPermissions) > 0 {
		list = append(list, warning("remove it "+onPermissions, "The App has more than Headstart uses: %s", strings.Join(app.ExcessPermissions, ", ")))
	}
	if len(list) == 0 {
		return one(well("The App has the permissions that Headstart uses, and no others"))
	}
	return list
}

func events(f *Facts) (list []Finding) {
	if !f.GitHub.ok() {
		return nil
	}
	app := f.GitHub.Value
	if len(app.MissingEvents) > 0 {
		list = append(list, wrong("subscribe to it "+onPermissions, "The App does not get %s", strings.Join(app.MissingEvents, ", ")))
	}
	if len(app.ExcessEvents) > 0 {
		list = append(list, warning("unsubscribe "+onPermissions, "The App gets more than Headstart uses: %s", strings.Join(app.ExcessEvents, ", ")))
	}
	if len(list) == 0 {
		return one(well("The App gets the events that Headstart uses, and no others"))
	}
	return list
}

func installed(f *Facts) (list []Finding) {
	switch i := f.Installations; {
	case !i.Done || i.Err != nil && f.GitHub.Err != nil:
		return nil
	case i.Err != nil:
		return one(warning("see that GitHub answers", "The App's installations cannot be read: %s", reason(i.Err)))
	case len(i.Value) == 0:
		return one(wrong("install it: on the App's settings page, under Install App", "The App is installed on no account"))
	}
	var names []string
	for _, i := range f.Installations.Value {
		if i.Suspended {
			list = append(list, wrong("unsuspend it in the account's settings, under GitHub Apps, Configure", "The App is suspended on %s", i.Account).about(i.Account))
		}
		names = append(names, i.Account)
	}
	if len(list) == 0 {
		return one(well("The App is installed on %s", few(names)))
	}
	return list
}

func accepted(f *Facts) (list []Finding) {
	if !f.Installations.ok() {
		return nil
	}
	for _, i := range f.Installations.Value {
		if len(i.Missing) > 0 {
			list = append(list, wrong("an owner of "+i.Account+" accepts it in the account's settings, under GitHub Apps, Review request", "%s has not granted %s", i.Account, strings.Join(i.Missing, ", ")).about(i.Account))
		}
	}
	if len(list) == 0 && len(f.Installations.Value) > 0 {
		return one(well("Every account has accepted the App's permissions"))
	}
	return list
}

// few names up to five.
func few(names []string) string {
	const most = 5
	if len(names) > most {
		return strings.Join(names[:most], ", ") + " and others"
	}
	return strings.Join(names, ", ")
}
