package web

// RoutePatterns are those of the table of pages, in order.
func RoutePatterns() (list []string) {
	for _, r := range routes {
		list = append(list, r.pattern)
	}
	return list
}

// CSSPath is where the stylesheet is.
func CSSPath() string { return css.path() }

// IconPath is where the icon is.
func IconPath() string { return icon.path() }

// WebAddress is where an app's link leads to.
func WebAddress(address string) string { return webAddress(address) }

// OwnPath is where a sign-in may lead to.
func OwnPath(to string) string { return ownPath(to) }

// ScriptPath is where the script is.
func ScriptPath() string { return script.path() }
