package main

import (
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/github/githubtest"
)

// A server verifies the embedded platform's apps of a repository without being
// told, and other private addresses only if its operator allows them.
func TestServerVerifiesItsOwnAppsAndAllowedAddresses(t *testing.T) {
	t.Parallel()
	gh, err := githubtest.New(githubtest.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer gh.Close()
	for _, private := range []bool{false, true} {
		dir := t.TempDir()
		s := settings{
			PrivateURLs: private, Sweep: 2 * time.Minute, Allow: shopRepo + "=shop-*", DatabaseURL: "sqlite:" + filepath.Join(dir, "headstart.db"),
			Local: "true", LocalDir: filepath.Join(dir, "apps"), LocalAddr: "127.0.0.1:0",
		}
		s.GitHub.AppID, s.GitHub.PrivateKey = gh.AppID(), string(gh.PrivateKeyPEM())
		s.GitHub.WebhookSecret, s.GitHub.APIURL = webhookSecret, gh.URL()
		srv, err := openServer(t.Context(), s, wiring{Logger: zap.NewNop()})
		if err != nil {
			t.Fatal(err)
		}
		defer srv.close()
		router := srv.local.RouterAddr()
		_, port, err := net.SplitHostPort(router)
		if err != nil {
			t.Fatal(err)
		}
		ask := func(host string) (bot.Probed, error) {
			repo := bot.Repo{Owner: "acme", Name: "shop"}
			fact, err := srv.prober.Perform(t.Context(), bot.Target{Pipeline: bot.Key{Repo: repo}}, bot.Effect{Do: bot.Probe{
				SHA: strings.Repeat("a", 40), Verify: bot.Verify{URL: "http://" + host + ":" + port + "/", Status: http.StatusNotFound},
			}})
			probed, _ := fact.(bot.Probed)
			return probed, err
		}
		if got, err := ask("shop-staging.localhost"); err != nil || !got.OK || !strings.Contains(got.Excerpt, "There is no such app") {
			t.Errorf("the embedded platform's router should be asked, got %+v, %v", got, err)
		}
		if got, err := ask("till-staging.localhost"); !errors.As(err, new(*bot.Refused)) || !strings.Contains(err.Error(), "HEADSTART_ALLOW") {
			t.Errorf("an app that the repository may not use should not be asked, got %+v, %v", got, err)
		}
		if got, err := ask("127.0.0.1"); private != (err == nil) || !private && !strings.Contains(err.Error(), "HEADSTART_PRIVATE_URLS") {
			t.Errorf("with HEADSTART_PRIVATE_URLS=%v a loopback address: got %+v, %v", private, got, err)
		}
	}
}
