package webhooks_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// BenchmarkSigned takes in signed deliveries over HTTP, one after the other, and
// stores none: what remains is what reading and verifying them costs.
//
//	go test ./webhooks -run '^$' -bench Signed -count 5
func BenchmarkSigned(b *testing.B) {
	push := payload(b, "push.branch")
	for _, extra := range []int{0, 50_000, 300_000, 5 << 20} {
		body := append(bytes.Clone(push[:len(push)-1]), bytes.Repeat([]byte(" "), extra)...)
		body = append(body, push[len(push)-1])
		b.Run(fmt.Sprintf("%dkB", len(body)>>10), func(b *testing.B) {
			server := httptest.NewServer(handler(b, new(inbox), nil))
			defer server.Close()
			header := request("push", "guid", body).Header
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				r, err := http.NewRequest(http.MethodPost, server.URL, bytes.NewReader(body))
				if err != nil {
					b.Fatal(err)
				}
				r.Header = header
				a, err := http.DefaultClient.Do(r)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, a.Body); err != nil {
					b.Fatal(err)
				}
				a.Body.Close()
				if a.StatusCode != http.StatusAccepted {
					b.Fatalf("a delivery was answered with %s", a.Status)
				}
			}
		})
	}
}
