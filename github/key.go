package github

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

const howToGetAKey = "generate one under \"Private keys\" on the App's settings page and set GITHUB_PRIVATE_KEY or GITHUB_PRIVATE_KEY_FILE"

// CheckKey returns why a key cannot be an App's private key, or nil. Its error contains no part of the key.
func CheckKey(key []byte) error {
	_, err := parseKey(key)
	return err
}

// parseKey parses the App's private key: PEM, or PEM in base64 for environments without line feeds. Its errors contain
// no part of the key.
func parseKey(key []byte) (*rsa.PrivateKey, error) {
	// Environment variables are often written with \n for line feeds.
	text := strings.TrimSpace(strings.ReplaceAll(string(key), `\n`, "\n"))
	if text == "" {
		return nil, errors.New("the GitHub App's private key is missing: " + howToGetAKey)
	}
	if !strings.Contains(text, "-----BEGIN") {
		plain, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
		if err != nil || !bytes.Contains(plain, []byte("-----BEGIN")) {
			return nil, errors.New("the GitHub App's private key is neither PEM nor PEM in base64: " + howToGetAKey)
		}
		text = string(plain)
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("the GitHub App's private key is damaged: its PEM cannot be read; check that every line of the file arrived, or " + howToGetAKey)
	}
	switch block.Type {
	case "RSA PRIVATE KEY":
		if block.Headers["DEK-Info"] != "" {
			return nil, errors.New("the GitHub App's private key is protected by a passphrase: hand over the key as GitHub made it")
		}
		parsed, err := x509.ParsePKCS1PrivateKey(block.Bytes)
		if err != nil {
			return nil, errors.New("the GitHub App's private key is damaged: " + howToGetAKey)
		}
		return parsed, nil
	case "PRIVATE KEY":
		parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, errors.New("the GitHub App's private key is damaged: " + howToGetAKey)
		}
		if rsaKey, ok := parsed.(*rsa.PrivateKey); ok {
			return rsaKey, nil
		}
		return nil, errors.New("the GitHub App's private key is not an RSA key, which is the only kind GitHub makes: " + howToGetAKey)
	}
	return nil, fmt.Errorf("the GitHub App's private key is expected, but this is a %s: %s", strings.ToLower(line(block.Type, 40)), howToGetAKey)
}
