package setup

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
)

//go:embed templates/*
var files embed.FS

var templates = template.Must(template.ParseFS(files, "templates/*.html"))

// page is what the template gets.
type page struct {
	progress
	Open     string // the step that is to be done
	Manifest string // with the step github: what GitHub's form takes
	Form     string // where that goes
	Proposal proposal
	Editor   string
	GitHub   string
	Host     string    // the app on Heroku that the server runs on; empty: another machine
	Setting  []setting // with the step config: what is set there
}

// show shows the steps, or the button that opens them.
func (s *Setup) show(w http.ResponseWriter, r *http.Request) {
	switch token := r.URL.Query().Get("token"); {
	case s.inside(r):
		s.lookAgain(r.Context())
		p, err := s.page()
		if err != nil {
			http.Error(w, "The manifest of the App could not be made.", http.StatusInternalServerError)
			return
		}
		if p.Open == "install" {
			w.Header().Set("Refresh", "5")
		}
		s.write(w, http.StatusOK, "setup", p)
	case s.good(token):
		s.write(w, http.StatusOK, "enter", token)
	default:
		s.outside(w)
	}
}

func (s *Setup) page() (page, error) {
	is := page{progress: s.now(), GitHub: s.o.GitHubURL}
	if s.o.Host != nil {
		is.Host = s.o.Host.App
	}
	switch {
	case is.URL == nil:
		is.Open = "server"
	case is.App == nil:
		is.Open, is.Form = "github", formAddress(s.o.GitHubURL, is.Organization, is.State)
		if s.o.Own == nil {
			break // GitHub cannot send anybody back
		}
		var err error
		if is.Manifest, err = manifestFor(s.o.Own, is.URL, is.Name, s.o.Wants); err != nil {
			return page{}, err
		}
	case len(is.Repositories) == 0:
		is.Open = "install"
	case !is.NoHeroku && len(is.Pipelines) == 0:
		is.Open = "heroku"
	case !is.NoHeroku && is.Chosen == nil:
		is.Open = "pipeline"
	case is.Plan != nil:
		is.Open = "make"
	case s.o.Host != nil && !is.Configured:
		is.Open = "config"
		is.Setting = s.settings()
	default:
		is.Open = "file"
		if is.Chosen != nil {
			is.Proposal = propose(*is.Repository, *is.Chosen)
			is.Editor = editorAddress(s.o.GitHubURL, *is.Repository, is.Proposal.File)
		}
	}
	return is, nil
}

func (s *Setup) write(w http.ResponseWriter, status int, name string, data any) {
	var text bytes.Buffer
	if err := templates.ExecuteTemplate(&text, name+".html", data); err != nil {
		http.Error(w, "This page could not be made.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = text.WriteTo(w) // the visitor may be gone
}

func style(w http.ResponseWriter, _ *http.Request) {
	data, err := files.ReadFile("templates/style.css")
	if err != nil {
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(data)
}
