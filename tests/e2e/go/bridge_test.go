package e2e

import (
	"context"
	"testing"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/appservice"
	"maunium.net/go/mautrix/bridgev2/bridgeconfig"
	"maunium.net/go/mautrix/id"
)

// A bridge's registration as mautrix-go makes it: its sender_localpart are 32 random letters and
// digits that nobody uses, and its bot is a user of a namespace.
func bridgeRegistration() *appservice.Registration {
	configuration := bridgeconfig.Config{}
	configuration.Homeserver.Domain = "example.com"
	configuration.AppService.ID = "signal"
	configuration.AppService.Address = "http://127.0.0.1:29328"
	configuration.AppService.Bot.Username = "signalbot"
	configuration.AppService.UsernameTemplate = "signal_{{.}}"
	configuration.AppService.EphemeralEvents = true
	configuration.Encryption.Appservice = true
	configuration.Encryption.MSC4190 = true
	return configuration.GenerateRegistration()
}

// The one with which bridges act for people, as mautrix's documentation has it.
func doublePuppetRegistration() *appservice.Registration {
	registration := appservice.CreateRegistration()
	registration.ID = "doublepuppet"
	registration.SenderLocalpart = "cvPNbcUzSXvRXoeRuPKvwwYUPLEVYLmn"
	registration.Namespaces.UserIDs = appservice.NamespaceList{{Regex: `@.*:example\.com`, Exclusive: false}}
	return registration
}

// A server with both services, which speak to it as mautrix-go does.
func bridged(t *testing.T) (s *server, bridge, doublePuppet *appservice.AppService) {
	t.Helper()
	registrations := []*appservice.Registration{bridgeRegistration(), doublePuppetRegistration()}
	files := map[string][]byte{}
	var names []string
	for _, registration := range registrations {
		text, err := registration.YAML()
		check(t, err)
		name := registration.ID + ".yaml"
		files[name] = []byte(text)
		names = append(names, name)
	}
	s = startServer(t, options{"application_services": names}, files)
	var services []*appservice.AppService
	for _, registration := range registrations {
		service, err := appservice.CreateFull(appservice.CreateOpts{
			Registration:     registration,
			HomeserverDomain: "example.com",
			HomeserverURL:    s.url,
		})
		check(t, err)
		service.DefaultHTTPRetries = 0
		services = append(services, service)
	}
	return s, services[0], services[1]
}

func userID(localpart string) id.UserID { return id.NewUserID(localpart, "example.com") }

func checkIsUser(t *testing.T, client *mautrix.Client, localpart string, device id.DeviceID) {
	t.Helper()
	who, err := client.Whoami(context.Background())
	check(t, err)
	checkEqual(t, who.UserID, userID(localpart))
	checkEqual(t, who.DeviceID, device)
}

// What a bridge asks at its start, and for each remote person that it meets.
func TestBridgeRegistersItsUsers(t *testing.T) {
	_, bridge, _ := bridged(t)
	ctx := context.Background()
	bot := bridge.NewIntentAPI("signalbot")
	versions, err := bot.Versions(ctx)
	check(t, err)
	if !versions.ContainsGreaterOrEqual(mautrix.SpecV14) {
		t.Fatal(versions.Versions)
	}
	for _, localpart := range []string{
		"signalbot", "signal_7d3a1f9e-9d5c-4d55-9d2d-2f2b4d1d8a11", "signal_=2b4915112345678",
	} {
		intent := bridge.NewIntentAPI(localpart)
		check(t, intent.EnsureRegistered(ctx))
		checkIsUser(t, intent.Client, localpart, "")
		checkIs(t, intent.Register(ctx), mautrix.MUserInUse)
	}
}

func TestBridgeKeepsToItsUsers(t *testing.T) {
	s, bridge, _ := bridged(t)
	ctx := context.Background()
	s.newPerson("alice")
	checkIs(t, bridge.NewIntentAPI("signature").Register(ctx), mautrix.MExclusive)
	_, err := bridge.NewMautrixClient(userID("alice")).Whoami(ctx)
	checkIs(t, err, mautrix.MForbidden)
	// Nor do others come by its.
	_, _, err = anonymous(t, s).Register(ctx, &mautrix.ReqRegister[any]{
		Username: "signal_me", Password: "a password nobody guesses",
	})
	checkIs(t, err, mautrix.MExclusive)
	stranger := bridge.NewMautrixClient(userID("signalbot"))
	stranger.AccessToken = "another-token-of-some-length"
	_, err = stranger.Whoami(ctx)
	checkIs(t, err, mautrix.MUnknownToken)
}

func anonymous(t *testing.T, s *server) *mautrix.Client {
	t.Helper()
	client, err := mautrix.NewClient(s.url, "", "")
	check(t, err)
	return client
}

// With encryption the bot is a device, by m.login.application_service or as MSC4190 has it, and the
// same one after a restart.
func TestBridgeHasADevice(t *testing.T) {
	ctx := context.Background()
	t.Run("by signing in", func(t *testing.T) {
		_, bridge, _ := bridged(t)
		check(t, bridge.NewIntentAPI("signalbot").EnsureRegistered(ctx))
		var device id.DeviceID
		for range 2 {
			client := bridge.NewMautrixClient(userID("signalbot"))
			flows, err := client.GetLoginFlows(ctx)
			check(t, err)
			checkEqual(t, flows.HasFlow(mautrix.AuthTypeAppservice), true)
			said, err := client.Login(ctx, &mautrix.ReqLogin{
				Type: mautrix.AuthTypeAppservice,
				Identifier: mautrix.UserIdentifier{
					Type: mautrix.IdentifierTypeUser,
					User: userID("signalbot").String(),
				},
				DeviceID:                 device,
				StoreCredentials:         true,
				InitialDeviceDisplayName: "Signal bridge",
			})
			check(t, err)
			if device != "" {
				checkEqual(t, said.DeviceID, device)
			}
			device = said.DeviceID
			client.SetAppServiceUserID = false
			checkIsUser(t, client, "signalbot", device)
			devices, err := client.GetDevicesInfo(ctx)
			check(t, err)
			checkEqual(t, len(devices.Devices), 1)
			checkEqual(t, devices.Devices[0].DisplayName, "Signal bridge")
		}
	})
	t.Run("by MSC4190", func(t *testing.T) {
		_, bridge, _ := bridged(t)
		check(t, bridge.NewIntentAPI("signalbot").EnsureRegistered(ctx))
		for range 2 {
			client := bridge.NewMautrixClient(userID("signalbot"))
			check(t, client.CreateDeviceMSC4190(ctx, "BRIDGE", "Signal bridge"))
			checkIsUser(t, client, "signalbot", "BRIDGE")
			devices, err := client.GetDevicesInfo(ctx)
			check(t, err)
			checkEqual(t, len(devices.Devices), 1)
		}
		client := bridge.NewMautrixClient(userID("signalbot"))
		check(t, client.DeleteDevice(ctx, "BRIDGE", &mautrix.ReqDeleteDevice[any]{}))
	})
}

// A bridge that acts for a person on the server, without a token of theirs.
func TestDoublePuppeting(t *testing.T) {
	s, bridge, doublePuppet := bridged(t)
	ctx := context.Background()
	s.newPerson("alice")
	client, err := bridge.NewExternalMautrixClient(userID("alice"), doublePuppet.Registration.AppToken, "")
	check(t, err)
	client.SetAppServiceUserID = true
	checkIsUser(t, client, "alice", "")
	// Its own user is in no namespace of its own, and nobody ever registers it.
	sender := doublePuppet.NewMautrixClient("")
	sender.SetAppServiceUserID = false
	checkIsUser(t, sender, doublePuppet.Registration.SenderLocalpart, "")
	// A locked person is not puppeted, and is again after the unlock.
	s.command("user", "lock", "alice")
	_, err = client.Whoami(ctx)
	if err == nil {
		t.Fatal("the bridge acts for a locked person")
	}
	s.command("user", "unlock", "alice")
	checkIsUser(t, client, "alice", "")
}
