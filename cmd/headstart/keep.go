package main

import "os"

// secretVariables are the settings that are keys or passwords, or may hold one.
var secretVariables = []string{
	"GITHUB_PRIVATE_KEY", "GITHUB_WEBHOOK_SECRET", "HEROKU_API_KEY", "HEROKU_WEBHOOK_SECRET", "HEADSTART_METRICS_TOKEN",
	"GITHUB_CLIENT_SECRET", "HEADSTART_SESSION_KEY", "DATABASE_URL", "PGPASSWORD",
}

// forgetSecrets takes the keys out of the environment, once all of them were read: what
// this process starts, or prints of itself, has none of them. The embedded platform
// passes only what it knows to be harmless on anyway.
func forgetSecrets() {
	for _, name := range secretVariables {
		_ = os.Unsetenv(name) // fails for names that cannot be
	}
}
