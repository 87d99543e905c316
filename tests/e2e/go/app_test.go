package e2e

import (
	"context"
	"net/url"
	"testing"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"
	"maunium.net/go/mautrix/oauth"
)

const (
	callback = "com.example.app:/callback"
	device   = id.DeviceID("GOPHER")
)

var scopes = oauth.ScopeList{oauth.ScopeClientAPI, oauth.ScopeDevice(device)}

// An app on mautrix-go's client, registered for the OAuth 2.0 API.
func registered(t *testing.T, s *server) *mautrix.Client {
	t.Helper()
	client := anonymous(t, s)
	client.DefaultHTTPRetries = 0
	client.SaveNewToken = func(context.Context, string, string, time.Time) error { return nil }
	_, err := client.OAuthRegisterClient(context.Background(), &oauth.ClientMetadata{
		ApplicationType:         oauth.ApplicationTypeNative,
		ClientName:              "Gopher",
		ClientURI:               "https://app.example.com/",
		GrantTypes:              []oauth.GrantType{oauth.GrantTypeAuthorizationCode, oauth.GrantTypeRefreshToken, oauth.GrantTypeDeviceCode},
		RedirectURIs:            []string{callback},
		ResponseTypes:           []oauth.ResponseType{oauth.ResponseTypeCode},
		TokenEndpointAuthMethod: oauth.AuthMethodNone,
	})
	check(t, err)
	return client
}

func signedIn(t *testing.T, s *server, alice *person, mode oauth.ResponseMode) *mautrix.Client {
	t.Helper()
	ctx := context.Background()
	client := registered(t, s)
	asked, err := client.OAuthGetAuthorizationURL(ctx, oauth.GetAuthorizationURLParams{
		RedirectURI: callback, Scopes: scopes, UserIDHint: userID(alice.name), ResponseMode: mode,
	})
	check(t, err)
	back := alice.open(asked.URL).away
	if back == nil {
		t.Fatal("no answer to the app")
	}
	said := back.Query()
	if mode == oauth.ResponseModeFragment {
		said, err = url.ParseQuery(back.Fragment)
		check(t, err)
	}
	checkEqual(t, said.Get("state"), asked.State)
	_, err = client.OAuthExchangeToken(ctx, oauth.ExchangeTokenParams{
		Code: said.Get("code"), RedirectURI: callback, CodeVerifier: asked.CodeVerifier,
		StoreCredentials: true,
	})
	check(t, err)
	checkIsUser(t, client, alice.name, device)
	return client
}

// It refreshes before each request, for it takes a token of two seconds for nearly expired.
var shortLived = options{"sessions": options{"access_token_lifetime": "2s", "refresh_grace": "1s"}}

func TestAppSignsInAndRefreshes(t *testing.T) {
	s := startServer(t, shortLived, nil)
	for _, mode := range []oauth.ResponseMode{oauth.ResponseModeQuery, oauth.ResponseModeFragment} {
		client := signedIn(t, s, s.newPerson("alice-"+string(mode)), mode)
		for range 3 {
			token := client.AccessToken
			checkIsUser(t, client, "alice-"+string(mode), device)
			if client.AccessToken == token {
				t.Fatal("the token is still the same")
			}
		}
	}
}

func TestAppSignsInWithoutABrowser(t *testing.T) {
	ctx := context.Background()
	s := startServer(t, nil, nil)
	alice := s.newPerson("alice")
	client := registered(t, s)
	begun, err := client.OAuthGenerateDeviceCode(ctx, oauth.GenerateDeviceCodeParams{Scopes: scopes})
	check(t, err)
	params := oauth.PollDeviceCodeParams{DeviceCode: begun.DeviceCode, StoreCredentials: true}
	_, err = client.OAuthPollDeviceCode(ctx, params)
	if err == nil {
		t.Fatal("nobody has said yes")
	}
	alice.open(begun.VerificationURIComplete)
	until(t, "the tokens", func() bool {
		_, err = client.OAuthPollDeviceCode(ctx, params)
		return err == nil
	})
	checkIsUser(t, client, "alice", device)
}

// What it is told, by a request of its own or, with tokens that are nearly expired, by its refresh.
func TestAppIsToldHowItsSessionEnded(t *testing.T) {
	ended := mautrix.RespError{ErrCode: "invalid_grant"}
	locked := mautrix.RespError{ErrCode: "M_USER_LOCKED"}
	for first, sessions := range map[string]options{"request": nil, "refresh": shortLived} {
		for command, told := range map[string]struct{ request, refresh error }{
			"soft-logout": {mautrix.MUnknownToken, mautrix.MUnknownToken},
			"deactivate":  {mautrix.MUnknownToken, ended},
			"lock":        {locked, locked},
		} {
			t.Run(command+", "+first+" refused first", func(t *testing.T) {
				s := startServer(t, sessions, nil)
				client := signedIn(t, s, s.newPerson("alice"), oauth.ResponseModeQuery)
				s.command("user", command, "alice")
				_, err := client.Whoami(context.Background())
				if first == "request" {
					checkIs(t, err, told.request)
				} else {
					checkIs(t, err, told.refresh)
				}
				if command == "lock" {
					s.command("user", "unlock", "alice")
					checkIsUser(t, client, "alice", device)
				}
			})
		}
	}
}

func TestAppRevokesItsTokens(t *testing.T) {
	s := startServer(t, nil, nil)
	client := signedIn(t, s, s.newPerson("alice"), oauth.ResponseModeQuery)
	check(t, client.OAuthRevokeToken(context.Background()))
	_, err := client.Whoami(context.Background())
	checkIs(t, err, mautrix.MUnknownToken)
}
