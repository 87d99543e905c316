package e2e

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// A person at a browser without scripts.
type person struct {
	t              *testing.T
	server         string
	name, password string
	http           *http.Client
}

func newPerson(t *testing.T, server, name, password string) *person {
	jar, err := cookiejar.New(nil)
	check(t, err)
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client := &http.Client{Jar: jar, CheckRedirect: stay}
	return &person{t: t, server: server, name: name, password: password, http: client}
}

// What the browser shows. address: where it stands; away: where no server of this machine answers.
type page struct {
	address *url.URL
	away    *url.URL
	status  int
	header  http.Header
	text    string
	forms   []form
}

type form struct {
	action, method string
	fields         url.Values // the hidden ones as they are, the others empty
	buttons        map[string]bool
}

// open shows the page at this address, after signing in to Latchkey and saying yes where it asks.
func (p *person) open(address string) *page {
	p.t.Helper()
	shown := p.get(address)
	for range 4 {
		switch {
		case shown.formWith("password") != nil:
			shown = p.submit(shown, url.Values{"user": {p.name}, "password": {p.password}})
		case shown.formWith("decision") != nil:
			shown = p.submit(shown, url.Values{"decision": {"allow"}})
		default:
			return shown
		}
	}
	return shown
}

// cookie is everything that the browser would send there.
func (p *person) cookie(address string) string {
	target, err := url.Parse(address)
	check(p.t, err)
	var all []string
	for _, cookie := range p.http.Jar.Cookies(target) {
		all = append(all, cookie.String())
	}
	return strings.Join(all, ";")
}

func (p *person) get(address string) *page {
	p.t.Helper()
	request, err := http.NewRequest(http.MethodGet, address, nil)
	check(p.t, err)
	return p.follow(request)
}

// submit fills in and sends the form that has these fields or buttons.
func (p *person) submit(shown *page, filled url.Values) *page {
	p.t.Helper()
	for name := range filled {
		if found := shown.formWith(name); found != nil {
			fields := url.Values{}
			for field, values := range found.fields {
				fields[field] = values
			}
			for field, values := range filled {
				fields[field] = values
			}
			target, err := shown.address.Parse(found.action)
			check(p.t, err)
			request, err := http.NewRequest(http.MethodPost, target.String(), strings.NewReader(fields.Encode()))
			check(p.t, err)
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			return p.follow(request)
		}
	}
	p.t.Fatalf("no form with %v: %d %s", filled, shown.status, shown.text)
	return nil
}

func (p *person) follow(request *http.Request) *page {
	p.t.Helper()
	for range 12 {
		answer, err := p.http.Do(request)
		check(p.t, err)
		body, err := io.ReadAll(answer.Body)
		check(p.t, err)
		answer.Body.Close()
		location, err := answer.Location()
		if err != nil {
			return newPage(p.t, answer, body)
		}
		if location.Hostname() != "127.0.0.1" || location.Port() == "" {
			return &page{address: request.URL, away: location, status: answer.StatusCode}
		}
		request, err = http.NewRequest(http.MethodGet, location.String(), nil)
		check(p.t, err)
	}
	p.t.Fatalf("%s leads on and on", request.URL)
	return nil
}

func newPage(t *testing.T, answer *http.Response, body []byte) *page {
	t.Helper()
	shown := &page{address: answer.Request.URL, status: answer.StatusCode, header: answer.Header}
	document, err := html.Parse(bytes.NewReader(body))
	check(t, err)
	var words []string
	for node := range document.Descendants() {
		attributes := map[string]string{}
		for _, attribute := range node.Attr {
			attributes[attribute.Key] = attribute.Val
		}
		switch {
		case node.Type == html.TextNode && node.Parent.Data != "style" && node.Parent.Data != "script":
			words = append(words, strings.Fields(node.Data)...)
		case node.Data == "form":
			shown.forms = append(shown.forms, form{attributes["action"], attributes["method"], url.Values{}, map[string]bool{}})
		case len(shown.forms) > 0 && node.Data == "input":
			shown.forms[len(shown.forms)-1].fields.Set(attributes["name"], attributes["value"])
		case len(shown.forms) > 0 && node.Data == "button":
			shown.forms[len(shown.forms)-1].buttons[attributes["name"]] = true
		}
	}
	shown.text = strings.Join(words, " ")
	return shown
}

func (shown *page) formWith(name string) *form {
	for index := range shown.forms {
		if found := &shown.forms[index]; found.fields.Has(name) || found.buttons[name] {
			return found
		}
	}
	return nil
}
