package github

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"testing"

	"github.com/headstart-cd/headstart/bot"
)

// Whoever goes round a hundred thousand repositories does not keep a connection to each,
// and one that is in use is kept meanwhile.
func TestConnectionsAreBounded(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(Options{
		AppID: 1, PrivateKey: pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}),
		ParseConfig: func(bot.Repo, []byte) (map[string]bot.Config, error) { return nil, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	busy := scope{installation: 1, id: 1}
	first := c.conn(busy)
	for n := range 5 * mostConns {
		c.conn(scope{installation: 1, id: int64(2 + n)})
		if c.conn(busy) != first {
			t.Fatalf("a connection that is used all the time should be kept, it was made anew after %d others", n+1)
		}
	}
	if kept := len(c.conns) + len(c.before); kept > 2*mostConns {
		t.Errorf("at most %d connections should be kept, there are %d", 2*mostConns, kept)
	}
}
