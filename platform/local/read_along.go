package local

import (
	"io"
	"os"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform/transcript"
)

// releaseFile has what a release wrote.
func (a *app) releaseFile(id string) string { return a.outputFile("release-" + id) }

// secrets are the values of the config vars in a file; none, if it cannot be read.
func (a *app) secrets(file string) []string {
	vars, err := readConfigVars(file)
	if err != nil {
		return nil
	}
	return vars.secrets()
}

// record begins the log of a build or a release, for those who read along.
func (p *Platform) record(a *app, id string) *transcript.Log {
	log := transcript.New()
	p.transcripts.Put(transcript.Key{App: a.name, ID: id}, log)
	return log
}

// Output returns what a build or a release has written, without the values of config vars; nil: there is none. Of one that
// ended a while ago it reads the file.
func (p *Platform) Output(name, id string) *transcript.Log {
	key := transcript.Key{App: name, ID: id}
	if log := p.transcripts.Get(key); log != nil {
		return log
	}
	p.mu.Lock()
	a := p.apps[name]
	p.mu.Unlock()
	if a == nil {
		return nil
	}
	s := a.read()
	build, release := s.build(id), s.release(id)
	file, secrets := a.outputFile(id), a.secrets(a.varsFile())
	switch {
	case release != nil && (release.Status == bot.ReleaseFailed || release.Status == bot.ReleaseErrored): // others have what the app wrote since
		file, secrets = a.releaseFile(id), append(secrets, a.secrets(a.keptVarsFile(release.Version))...)
	case build == nil || !build.Status.Ended():
		return nil
	}
	text, cut, err := endOf(file, transcript.Tail)
	if err != nil {
		return nil
	}
	log := transcript.Of(text, cut, secrets...)
	p.transcripts.Put(key, log)
	return log
}

// endOf reads the last bytes of a file; cut: there are more.
func endOf(file string, most int64) (text string, cut bool, err error) {
	f, err := os.Open(file)
	if err != nil {
		return "", false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", false, err
	}
	from := max(info.Size()-most, 0)
	data, err := io.ReadAll(io.NewSectionReader(f, from, most))
	return string(data), from > 0, err
}
