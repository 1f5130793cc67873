// Package setup is the pages that make a GitHub App, find the apps on Heroku, and write the settings of the server.
//
// `headstart setup` serves them on the machine of whoever sets Headstart up, until they are done. They are one page with
// a list of steps, of which one is open:
//
//	server    where it will run, and whose the App is
//	github    GitHub makes the App of a manifest, and sends its credentials back
//	install   the App is installed on repositories; GitHub's ping arrived, or why not
//	heroku    an authorization; its pipelines and apps are listed
//	pipeline  which of them belong to which repository
//	make      an app that only builds, and webhooks, if they are missing
//	config    the settings become config vars, if the server runs on Heroku: see [Host]
//	file      GitHub's editor, with the pipeline's file filled in
//
// `headstart setup --no-browser` asks for the same in a terminal: see [Setup.Questions]. The steps are the same functions;
// what a form would send them is what was typed.
//
// # What keeps them safe
//
// A link with a token, which is printed to the terminal, shows one button. Pressing it trades the token for a cookie, once,
// within an hour. Credentials are written to a file that only its owner reads, as soon as they are there: the code of
// GitHub's is good once. No page and no log shows them.
package setup
