// Package e2e has Go programs in front of Latchkey: a bridge on mautrix-go, an app on its client,
// and oauth2-proxy.
package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

type options = map[string]any

// A Latchkey with a folder, a database and a port of its own.
type server struct {
	t      *testing.T
	url    string
	folder string
	binary string
}

// startServer starts one with these options; files are written into its folder first.
func startServer(t *testing.T, more options, files map[string][]byte) *server {
	t.Helper()
	binary := os.Getenv("LATCHKEY_BINARY")
	if binary == "" {
		binary = "../../../build/release/latchkey"
	}
	binary, err := filepath.Abs(binary)
	check(t, err)
	address := freeAddress(t)
	s := &server{t: t, url: "http://" + address, folder: t.TempDir(), binary: binary}
	configuration := options{
		"server_name":   "example.com",
		"public_url":    s.url + "/",
		"listen":        []string{address},
		"database":      "sqlite://" + filepath.Join(s.folder, "latchkey.db"),
		"rate_limits":   options{"enabled": false},
		"passwords":     options{"hash_memory": "64KiB", "hash_passes": 1},
		"registration":  options{"open": true},
		"introspection": options{"secret": "0123456789abcdef0123456789abcdef"},
	}
	for name, value := range more {
		configuration[name] = value
	}
	for name, content := range files {
		check(t, os.WriteFile(filepath.Join(s.folder, name), content, 0o600))
	}
	text, err := json.Marshal(configuration) // JSON is YAML
	check(t, err)
	check(t, os.WriteFile(s.configuration(), text, 0o600))
	s.run("the server", exec.Command(binary, "serve", "--config", s.configuration()), s.url+"/health")
	return s
}

func (s *server) configuration() string { return filepath.Join(s.folder, "latchkey.yaml") }

// run starts a program, waits until it answers at this address, and ends it with the test.
func (s *server) run(what string, command *exec.Cmd, address string) {
	s.t.Helper()
	var log bytes.Buffer
	command.Stdout, command.Stderr = &log, &log
	check(s.t, command.Start())
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	s.t.Cleanup(func() {
		check(s.t, command.Process.Signal(syscall.SIGTERM))
		<-ended
		if s.t.Failed() {
			s.t.Logf("%s said:\n%s", what, log.Bytes())
		}
	})
	until(s.t, what+" to answer", func() bool {
		select {
		case err := <-ended:
			ended <- err
			s.t.Fatalf("%s ended (%v):\n%s", what, err, log.Bytes())
		default:
		}
		answer, err := http.Get(address)
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode < 500
	})
}

// command runs one command of the command line, for example "user", "lock", "alice".
func (s *server) command(words ...string) {
	s.t.Helper()
	output, err := exec.Command(s.binary, append(words, "--config", s.configuration())...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("%v: %v\n%s", words, err, output)
	}
}

// post asks the Client-Server API; the answer has to be good.
func (s *server) post(path string, body any) (said options) {
	s.t.Helper()
	text, err := json.Marshal(body)
	check(s.t, err)
	answer, err := http.Post(s.url+"/_matrix/client/v3"+path, "application/json", bytes.NewReader(text))
	check(s.t, err)
	defer answer.Body.Close()
	check(s.t, json.NewDecoder(answer.Body).Decode(&said))
	if answer.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %d %v", path, answer.StatusCode, said)
	}
	return said
}

// newPerson has an account, and is at a browser where nobody is signed in.
func (s *server) newPerson(name string) *person {
	s.t.Helper()
	p := newPerson(s.t, s.url, name, "a password nobody guesses")
	s.post("/register", options{
		"username":      p.name,
		"password":      p.password,
		"inhibit_login": true,
		"auth":          options{"type": "m.login.dummy"},
	})
	return p
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func checkIs(t *testing.T, err, expected error) {
	t.Helper()
	if !errors.Is(err, expected) {
		t.Fatalf("%v instead of %v", err, expected)
	}
}

func checkEqual[T comparable](t *testing.T, value, expected T) {
	t.Helper()
	if value != expected {
		t.Fatal(fmt.Sprintf("%v instead of %v", value, expected))
	}
}
