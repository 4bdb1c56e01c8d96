package config

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Master returns the 32 bytes under which signing keys are sealed and from which other keys are derived. Without a
// configured one it is made once in the data folder, readable by the owner only; all replicas must have the same.
func (c *Config) Master() ([]byte, error) {
	if c.Secret != "" {
		return base64.StdEncoding.DecodeString(c.Secret)
	}
	path := filepath.Join(c.Data, "secret")
	if key, err := readSecret(path); !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, err
	}
	key := make([]byte, 32)
	rand.Read(key)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return readSecret(path) // another process was first
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if _, err := fmt.Fprintln(file, base64.StdEncoding.EncodeToString(key)); err != nil {
		return nil, err
	}
	return key, file.Sync()
}

func readSecret(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	key := make([]byte, 33)
	n, err := base64.StdEncoding.Decode(key, trimNewline(text))
	if err != nil || n != 32 {
		return nil, fmt.Errorf("%s: 内容应为 32 字节的 base64 编码 / must hold base64 of 32 bytes", path)
	}
	return key[:32], nil
}

func trimNewline(text []byte) []byte {
	for len(text) > 0 && (text[len(text)-1] == '\n' || text[len(text)-1] == '\r') {
		text = text[:len(text)-1]
	}
	return text
}

// Derive makes a key for one purpose out of the master secret (RFC 5869, SHA-256).
func Derive(master []byte, purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, master, nil, "fieldwarden/"+purpose, 32)
}
