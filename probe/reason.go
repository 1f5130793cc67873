package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/headstart-cd/headstart/bot/redact"
)

// because says in a sentence for people why there is no answer, or not all of
// it: without addresses, ports and the names of functions, which are nobody's
// concern. With a status, the answer had begun.
func (a *attempt) because(err error, status int) string {
	host := redact.Line(redact.Redact(a.url.Hostname()), 100)
	var (
		redirect redirectError
		dns      *net.DNSError
		timeout  net.Error
	)
	switch {
	case errors.As(err, &redirect):
		return string(redirect)
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Sprintf("the name %s is unknown", host)
	case errors.As(err, &dns):
		return fmt.Sprintf("the name %s could not be looked up", host)
	case errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout():
		if status != 0 {
			return fmt.Sprintf("it did not finish its answer within %v", a.limit)
		}
		return fmt.Sprintf("it did not answer within %v", a.limit)
	case status != 0:
		return "it broke off its answer"
	}
	if reason := certificate(err, host); reason != "" {
		return reason
	}
	switch {
	case errors.Is(err, http.ErrSchemeMismatch):
		return "it does not speak https at this address"
	case a.insecure.Load():
		return "no secure connection to it could be made"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "it refuses connections"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "it closed the connection without an answer"
	case !a.connected.Load():
		return "it cannot be reached"
	case strings.Contains(err.Error(), "response headers exceeded"): // net/http has no type for it
		return fmt.Sprintf("the headers of its answer are longer than %d KiB", maxHeader>>10)
	}
	return "it does not answer as HTTP asks for"
}

// certificate says what is wrong with a certificate; empty if nothing is.
func certificate(err error, host string) string {
	var (
		verification *tls.CertificateVerificationError
		name         x509.HostnameError
		unknown      x509.UnknownAuthorityError
		invalid      x509.CertificateInvalidError
		roots        x509.SystemRootsError
	)
	switch {
	case errors.As(err, &name):
		return fmt.Sprintf("its certificate is not one for %s", host)
	case errors.As(err, &unknown):
		return "its certificate is signed by an authority that this server does not trust"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate has expired, or is not valid yet"
	case errors.As(err, &roots):
		return "this server has no certificates of authorities to hold its certificate against"
	case errors.As(err, &invalid), errors.As(err, &verification):
		return "its certificate is not valid"
	}
	return ""
}
