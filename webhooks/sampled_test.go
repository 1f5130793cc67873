package webhooks_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/headstart-cd/headstart/webhooks"
)

// Every refusal of what is not signed is counted, and few are logged. What is signed
// and fails is always logged.
func TestRefusalsAreSampled(t *testing.T) {
	core, logs := observer.New(zapcore.WarnLevel)
	registry := prometheus.NewRegistry()
	in := &inbox{err: errors.New("disk full")}
	h, err := webhooks.Handler(webhooks.Options{Secrets: [][]byte{[]byte("new")}, Inbox: in, Metrics: registry, Logger: zap.New(core)})
	if err != nil {
		t.Fatal(err)
	}
	const times = 3000
	for i := range times {
		r := request("push", fmt.Sprint("stranger-", i), []byte(`{}`))
		r.Header.Set("X-Hub-Signature-256", sign("guess", nil))
		if status, _ := answer(h, r); status != 401 {
			t.Fatalf("it should be refused, got %d", status)
		}
	}
	if n := logs.Len(); n == 0 || n > 60 { // the clock may reach another minute or two
		t.Errorf("of %d refusals a few should be logged, %d were", times, n)
	}
	logs.TakeAll()
	for i := range 100 {
		answer(h, request("push", fmt.Sprint("gitHub-", i), []byte(`{}`)))
	}
	if n := logs.FilterMessage("a delivery was not taken").Len(); n != 100 {
		t.Errorf("each signed delivery that failed should be logged, %d of 100 were", n)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	counted := 0.0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if f.GetName() == "headstart_deliveries_total" && l.GetValue() == "unauthorized" {
					counted += m.GetCounter().GetValue()
				}
			}
		}
	}
	if counted != times {
		t.Errorf("all %d refusals should be counted, %v were", times, counted)
	}
}
