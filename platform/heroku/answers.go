package heroku

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	heroku "github.com/heroku/heroku-go/v5"
)

// What Heroku answers is checked before it is believed. An answer that lacks
// what every such resource has is one that could not be read: worth another try
// after a look, and unknown after something that changes the world. Only what
// the bot builds on is checked. A status that is not known is no reason to
// reject an answer: see build and release.

func checkApp(a heroku.App) error {
	switch {
	case !resource.MatchString(a.ID):
		return errors.New("the app has no id")
	case !appName.MatchString(a.Name):
		return errors.New("the app has no name")
	}
	return nil
}

func checkBuild(b heroku.Build) error {
	switch {
	case !resource.MatchString(b.ID):
		return errors.New("the build has no id")
	case b.Status == "":
		return errors.New("the build has no status")
	case b.CreatedAt.IsZero():
		return errors.New("the build does not tell when it began")
	case b.Slug != nil && b.Slug.ID != "" && !resource.MatchString(b.Slug.ID):
		return errors.New("the build's slug has no id")
	case b.Release != nil && b.Release.ID != "" && !resource.MatchString(b.Release.ID):
		return errors.New("the build's release has no id")
	}
	return nil
}

func checkRelease(r wireRelease) error {
	switch {
	case !resource.MatchString(r.ID):
		return errors.New("the release has no id")
	case r.Status == "":
		return errors.New("the release has no status")
	case r.Version < 1:
		return errors.New("the release has no version")
	case r.artifact() != "" && !resource.MatchString(strings.TrimPrefix(r.artifact(), ociPrefix)):
		return errors.New("what the release runs has no id")
	}
	return nil
}

func checkTarget(t heroku.PipelinePromotionTarget) error {
	switch {
	case !resource.MatchString(t.App.ID):
		return errors.New("the promotion's target has no app")
	case t.Status == "":
		return errors.New("the promotion's target has no status")
	case t.Release != nil && t.Release.ID != "" && !resource.MatchString(t.Release.ID):
		return errors.New("the release of the promotion's target has no id")
	}
	return nil
}

// checkID holds a resource against the id that it was asked for by.
func checkID(what, asked, got string) error {
	if !strings.EqualFold(asked, got) {
		return fmt.Errorf("it is another %s", what)
	}
	return nil
}

// checkList checks each item. A list that is missing is not an empty one.
func checkList[T any](list []T, check func(T) error) error {
	if list == nil {
		return errors.New("there is no list")
	}
	for _, item := range list {
		if err := check(item); err != nil {
			return err
		}
	}
	return nil
}

// webURL is where an app is reached; empty if that is no address.
func webURL(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return ""
	}
	return strings.TrimSuffix(text, "/")
}
