package probe

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// certify makes a certificate for shop.example that signs itself.
func certify(t *testing.T, from, until time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: until, DNSNames: []string{"shop.example"},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	now := time.Now()
	good := certify(t, now.Add(-time.Hour), now.Add(time.Hour))
	for name, c := range map[string]struct {
		certificate tls.Certificate
		distrust    bool
		host        string
		oldest      uint16 // version that the server speaks
		reason      string
	}{
		"good":           {certificate: good},
		"another name":   {certificate: good, host: "store.example", reason: "its certificate is not one for store.example"},
		"signed by none": {certificate: good, distrust: true, reason: "its certificate is signed by an authority that this server does not trust"},
		"expired":        {certificate: certify(t, now.Add(-2*time.Hour), now.Add(-time.Hour)), reason: "its certificate has expired, or is not valid yet"},
		"not yet valid":  {certificate: certify(t, now.Add(time.Hour), now.Add(2*time.Hour)), reason: "its certificate has expired, or is not valid yet"},
		"too old":        {certificate: good, oldest: tls.VersionTLS10, reason: "no secure connection to it could be made"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.TLS = &tls.Config{Certificates: []tls.Certificate{c.certificate}}
			if c.oldest != 0 {
				server.TLS.MinVersion, server.TLS.MaxVersion = c.oldest, c.oldest
			}
			server.StartTLS()
			defer server.Close()
			host := c.host
			if host == "" {
				host = "shop.example"
			}
			p := onInternet(t, server, func(string) ([]netip.Addr, error) { return []netip.Addr{public}, nil })
			p.tls = &tls.Config{RootCAs: x509.NewCertPool()}
			if !c.distrust {
				p.tls.RootCAs.AddCert(c.certificate.Leaf)
			}
			if got := answerOf(t, p, bot.Verify{URL: "https://" + host}); got.Reason != c.reason {
				t.Errorf("expected %q, got %+v", c.reason, got)
			}
		})
	}
}

// A site may lead to its own https, and never back from there.
func TestRedirectsBetweenSchemes(t *testing.T) {
	t.Parallel()
	now := time.Now()
	certificate := certify(t, now.Add(-time.Hour), now.Add(time.Hour))
	secure := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/down" {
			http.Redirect(w, r, "http://shop.example/", http.StatusFound)
		}
	}))
	secure.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	secure.StartTLS()
	defer secure.Close()
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://shop.example"+r.URL.Path, http.StatusMovedPermanently)
	}))
	defer plain.Close()

	look := func(string) ([]netip.Addr, error) { return []netip.Addr{public}, nil }
	p, toPlain := onInternet(t, secure, look), onInternet(t, plain, look)
	toSecure := p.connect
	p.connect = func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
		if to.Port() == 80 {
			return toPlain.connect(ctx, to)
		}
		return toSecure(ctx, to)
	}
	p.tls = &tls.Config{RootCAs: x509.NewCertPool()}
	p.tls.RootCAs.AddCert(certificate.Leaf)
	if got := answerOf(t, p, bot.Verify{URL: "http://shop.example/"}); !got.OK {
		t.Errorf("a redirect to https should be followed, got %+v", got)
	}
	if got := answerOf(t, p, bot.Verify{URL: "http://shop.example/down"}); got.Reason != "it redirects from https to http" {
		t.Errorf("a redirect back from https should not be followed, got %+v", got)
	}
}
