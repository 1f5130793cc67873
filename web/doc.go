// Package web is the pages that people open to see where a change is and what runs where.
//
// [New] returns one handler. Each request goes through these layers:
//
//	headers      the strict policy of security.go
//	crossOrigin  no other site's form or script changes anything
//	sessions     who is signed in; kept encrypted, in sessions.go
//	route        the table in routes.go: which page, and what kind of viewer may see it
//	page         data for a template in templates/, rendered to the end before a byte is sent
//
// # Who sees what
//
// Nothing is shown to anybody who is not signed in. A person sees exactly the repositories that GitHub shows them with
// their own token, asked again after ten minutes. Anything else is answered as what does not exist is answered: with the
// same bytes. That is decided in one place, [site.serve], before a page is made.
//
// The pages work without JavaScript, and load nothing from elsewhere. Text that others wrote (titles, authors, names of
// branches and checks, reasons) reaches a page through html/template alone.
package web
