package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"
)

const (
	tarballLimit = 512 << 20 // bytes, compressed
	fetchLimit   = 10 * time.Minute
)

// tarballClient gives up on a server that is silent; how long a whole tarball
// may take is bounded by fetchLimit.
func tarballClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
		IdleConnTimeout:       time.Minute,
		ForceAttemptHTTP2:     true,
	}}
}

// fetch saves a tarball to a file. What may be a passing trouble is tried three
// times. Errors never hold the URL, which may be signed.
func (p *Platform) fetch(ctx context.Context, from, file string) error {
	u, err := url.Parse(from)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return errors.New("the source's address is no http or https URL")
	}
	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	for wait := 250 * time.Millisecond; ; wait *= 4 {
		again, err := p.fetchOnce(ctx, from, file)
		if err == nil {
			return nil
		}
		if !again || wait > time.Second {
			return fmt.Errorf("fetch the source from %s: %w", u.Hostname(), err)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return fmt.Errorf("fetch the source from %s: %w", u.Hostname(), context.Cause(ctx))
		}
	}
}

// fetchOnce also tells whether another try may help.
func (p *Platform) fetchOnce(ctx context.Context, from, file string) (again bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return false, errors.New("the source's address is no valid URL")
	}
	res, err := p.opts.HTTPClient.Do(req)
	if err != nil {
		if u := new(url.Error); errors.As(err, &u) {
			err = u.Err // without the URL
		}
		return ctx.Err() == nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		again := res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests
		return again, fmt.Errorf("the server answered %s", http.StatusText(res.StatusCode))
	}
	f, err := os.Create(file)
	if err != nil {
		return false, err
	}
	defer f.Close()
	n, err := io.Copy(f, io.LimitReader(res.Body, tarballLimit+1))
	switch {
	case err != nil:
		disk := new(os.PathError)
		return ctx.Err() == nil && !errors.As(err, &disk), err
	case n > tarballLimit:
		return false, fmt.Errorf("the tarball is larger than %d MB", tarballLimit>>20)
	}
	return false, f.Close()
}
