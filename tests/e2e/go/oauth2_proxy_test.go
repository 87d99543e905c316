package e2e

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// A dashboard behind oauth2-proxy, as docs/connecting/applications.md has it, except for http: there
// people are asked for their consent, though the client is the operator's own.
type dashboard struct {
	latchkey *server
	url      string
	seen     []http.Header // what reached the dashboard itself
}

// startDashboard starts both. client: what differs from the example in the operator's file;
// arguments are added to those of the example, which `without` drops.
func startDashboard(t *testing.T, client, sessions options, without string, arguments ...string) *dashboard {
	t.Helper()
	d := &dashboard{}
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.seen = append(d.seen, r.Header)
		w.Write([]byte("<p>the dashboard</p>"))
	}))
	t.Cleanup(behind.Close)
	address := freeAddress(t)
	d.url = "http://" + address

	var example struct{ Clients []options }
	text := strings.ReplaceAll(exampleOf(t, "yaml"), "https://dashboard.example.com", d.url)
	check(t, yaml.Unmarshal([]byte(text), &example))
	for name, value := range client {
		example.Clients[0][name] = value
	}
	file, err := yaml.Marshal(options{"clients": example.Clients})
	check(t, err)
	d.latchkey = startServer(t, options{
		"oauth":    options{"clients_file": "clients.yaml"},
		"sessions": sessions,
	}, map[string][]byte{
		"clients.yaml":     file,
		"dashboard.secret": []byte("a-secret-of-the-operator"),
		"cookie.secret":    []byte("0123456789abcdef0123456789abcdef"),
	})

	places := strings.NewReplacer(
		"https://account.example.com", d.latchkey.url,
		"=account.example.com", "=127.0.0.1:*",
		"https://dashboard.example.com", d.url,
		"http://127.0.0.1:3000", behind.URL,
		"\\\n", "", "\"*\"", "*",
		"\"openid profile\"", "openid\x00profile",
	)
	words := strings.Fields(places.Replace(exampleOf(t, "sh")))
	// Of the test alone: no TLS, and no page of its own before the sign-in.
	words = append(words, "--http-address="+address, "--cookie-secure=false", "--skip-provider-button")
	var all []string
	for _, word := range words[1:] {
		if without == "" || !strings.HasPrefix(word, without) {
			all = append(all, strings.ReplaceAll(word, "\x00", " "))
		}
	}
	command := exec.Command(oauth2Proxy(t), append(all, arguments...)...)
	command.Dir = d.latchkey.folder
	d.latchkey.run("oauth2-proxy", command, d.url+"/ping")
	return d
}

// exampleOf is what the documentation has for oauth2-proxy in this language.
func exampleOf(t *testing.T, language string) string {
	t.Helper()
	document, err := os.ReadFile("../../../docs/connecting/applications.md")
	check(t, err)
	_, section, _ := strings.Cut(string(document), "\n## oauth2-proxy\n")
	_, block, found := strings.Cut(section, "```"+language+"\n")
	block, _, _ = strings.Cut(block, "```")
	checkEqual(t, found, true)
	return block
}

// oauth2Proxy is the program of the version that go.mod names, built once.
func oauth2Proxy(t *testing.T) string {
	t.Helper()
	program := os.Getenv("OAUTH2_PROXY_BINARY")
	if program != "" {
		return program
	}
	program, err := filepath.Abs("../../../build/go/oauth2-proxy")
	check(t, err)
	output, err := exec.Command("go", "build", "-o", program, "github.com/oauth2-proxy/oauth2-proxy/v7").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return program
}

func (d *dashboard) checkShown(t *testing.T, shown *page, user string) {
	t.Helper()
	if shown.status != http.StatusOK || shown.text != "the dashboard" {
		t.Fatalf("%s: %d %s", shown.address, shown.status, shown.text)
	}
	checkEqual(t, d.seen[len(d.seen)-1].Get("X-Forwarded-Preferred-Username"), user)
}

// asked says that the dashboard has sent the browser to Latchkey's sign-in.
func (d *dashboard) checkAsked(t *testing.T, shown *page) {
	t.Helper()
	checkEqual(t, "http://"+shown.address.Host, d.latchkey.url)
	checkEqual(t, shown.address.Path, "/account/sign-in")
}

func TestOauth2ProxyShowsThePageAfterSigningIn(t *testing.T) {
	for name, variant := range map[string]struct {
		client    options
		without   string
		arguments []string
	}{
		"as the example has it": {},
		"with a nonce and no PKCE": {
			options{"pkce": "optional"}, "--code-challenge-method",
			[]string{"--insecure-oidc-skip-nonce=false"},
		},
		"with its own sign-in button": {nil, "--skip-provider-button", nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := startDashboard(t, variant.client, nil, variant.without, variant.arguments...)
			alice := d.latchkey.newPerson("alice")
			if variant.without == "--skip-provider-button" {
				before := alice.get(d.url + "/")
				checkEqual(t, before.status, http.StatusForbidden)
			}
			d.checkAsked(t, alice.get(d.url+"/oauth2/start?rd=%2F"))
			d.checkShown(t, alice.open(d.url+"/oauth2/start?rd=%2F"), "alice")
			d.checkShown(t, alice.get(d.url+"/"), "alice")
		})
	}
}

// By default it sends neither: no nonce unless told to verify it, and no PKCE.
func TestOauth2ProxyWithoutPKCEAndNonce(t *testing.T) {
	d := startDashboard(t, options{"pkce": "optional"}, nil, "--code-challenge-method")
	shown := d.latchkey.newPerson("alice").get(d.url + "/")
	checkEqual(t, shown.address.Query().Get("error"), "invalid_request")
	checkEqual(t, shown.status, http.StatusForbidden)
}

// People without an address get an error 500 without --oidc-email-claim; with the address they
// have, they are let in by it.
func TestOauth2ProxyWantsAnAddress(t *testing.T) {
	d := startDashboard(t, nil, nil, "--oidc-email-claim", "--scope=openid profile email")
	alice := d.latchkey.newPerson("alice")
	checkEqual(t, alice.open(d.url+"/").status, http.StatusInternalServerError)
	d.latchkey.command("user", "add-threepid", "alice", "email", "alice@example.com")
	alice.open(d.url + "/oauth2/sign_out")
	d.checkShown(t, alice.open(d.url+"/"), "alice")
	checkEqual(t, d.seen[len(d.seen)-1].Get("X-Forwarded-Email"), "alice@example.com")
}

func TestOauth2ProxySignsOutOfBoth(t *testing.T) {
	d := startDashboard(t, nil, nil, "")
	alice := d.latchkey.newPerson("alice")
	d.checkShown(t, alice.open(d.url+"/"), "alice")
	back := url.Values{"client_id": {"dashboard"}, "post_logout_redirect_uri": {d.url + "/"}}
	out := url.Values{"rd": {d.latchkey.url + "/oauth2/logout?" + back.Encode()}}
	shown := alice.get(d.url + "/oauth2/sign_out?" + out.Encode())
	checkEqual(t, shown.address.Path, "/oauth2/logout")
	d.checkAsked(t, alice.submit(shown, url.Values{"decision": {"sign_out"}}))
	d.checkShown(t, alice.open(d.url+"/"), "alice")
}

// The dashboard's own sign-out leaves Latchkey signed in: the next visit asks nothing.
func TestOauth2ProxySignsOutOfItselfAlone(t *testing.T) {
	d := startDashboard(t, nil, nil, "")
	alice := d.latchkey.newPerson("alice")
	d.checkShown(t, alice.open(d.url+"/"), "alice")
	alice.password = "not asked for"
	d.checkShown(t, alice.open(d.url+"/oauth2/sign_out?rd=%2F"), "alice")
}

// A session that refreshes often: people stay in, and are out when their account is no longer good.
func TestOauth2ProxyRefreshes(t *testing.T) {
	short := options{"access_token_lifetime": "2s", "refresh_grace": "1s"}
	for _, end := range []string{"deactivate", "lock", "soft-logout"} {
		t.Run(end, func(t *testing.T) {
			d := startDashboard(t, nil, short, "", "--cookie-refresh=1s")
			alice := d.latchkey.newPerson("alice")
			d.checkShown(t, alice.open(d.url+"/"), "alice")
			refreshes := 0
			until(t, "three refreshes", func() bool {
				before := alice.cookie(d.url)
				d.checkShown(t, alice.get(d.url+"/"), "alice")
				if alice.cookie(d.url) != before {
					refreshes++
				}
				return refreshes >= 3
			})
			d.latchkey.command("user", end, "alice")
			until(t, "the proxy to refresh", func() bool {
				return alice.get(d.url+"/").text != "the dashboard"
			})
		})
	}
}
