// Application services' users, and what GET /login shows to whom (MSC3741).
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { withServer } from "./support/suite.js";

const registration = {
    id: "irc",
    url: null,
    as_token: "as-token-0123456789abcdef",
    hs_token: "hs-token-0123456789abcdef",
    sender_localpart: "irc_bot",
    namespaces: { users: [{ exclusive: true, regex: "@irc_.*" }] },
    "io.element.msc4190": true,
};

const loginType = "m.login.application_service";

// Declares the tests for the SDK of this process.
export function servicesTests(sdk, name) {
    describe(`${name}: application services`, () => {
        const options = { application_services: ["irc.yaml"] };
        const suite = withServer(sdk, options, { "irc.yaml": registration });
        let number = 0;

        // The SDK as a bridge has it: its token is the service's.
        const service = (app) => app.anonymous(registration.as_token);

        const serviceLogin = (user, deviceId) => ({
            type: loginType,
            identifier: { type: "m.id.user", user },
            device_id: deviceId,
        });

        // A user of the service, whom it has registered and signed in.
        async function newServiceApp(t) {
            const app = suite.noApp(t);
            app.name = `irc_${++number}`;
            await service(app).http.authedRequest("POST", "/register", undefined, {
                type: loginType,
                username: app.name,
                inhibit_login: true,
            });
            await app.signInBy(serviceLogin(app.name), service(app));
            return app;
        }

        // What GET /login shows to a client that sends its token along.
        async function flows(client) {
            const answer = await client.http.authedRequest("GET", "/login");
            return answer.flows.map((flow) => flow.type);
        }

        test("registers and signs in a user", async (t) => {
            const app = await newServiceApp(t);
            assert.equal(app.userId, `@${app.name}:example.com`);
            const answer = await app.whoami();
            assert.equal(answer.user_id, app.userId);
            assert.equal(answer.device_id, app.deviceId);
            await app.refreshByHand();
            assert.equal((await app.whoami()).device_id, app.deviceId);
        });

        test("is refused users of others, and others are refused its way", async (t) => {
            const app = await suite.newApp(t);
            const asks = (client) => app.refusal(() => client.loginRequest(serviceLogin(app.name)));
            assert.equal((await asks(service(app))).errcode, "M_EXCLUSIVE");
            assert.equal((await asks(app.client)).errcode, "M_FORBIDDEN");
            assert.equal((await asks(app.anonymous())).errcode, "M_MISSING_TOKEN");
        });

        test("its users cannot be taken by people", async (t) => {
            const app = suite.noApp(t);
            const error = await app.refusal(() => app.register("irc_somebody"));
            assert.equal(error.errcode, "M_EXCLUSIVE");
        });

        test("everybody is shown every way", async (t) => {
            const { flows: all } = await suite.noApp(t).anonymous().loginFlows();
            assert.deepEqual(
                all.map((flow) => flow.type),
                ["m.login.sso", "m.login.password", "m.login.token", loginType],
            );
        });

        test("a softly signed-out person is shown their ways alone, and comes back", async (t) => {
            const app = await suite.newApp(t);
            const { deviceId, keys } = app;
            await suite.server.command("user", "soft-logout", app.name);
            await app.refusal();
            assert.equal(app.signedOut, "soft");
            assert.deepEqual(await flows(app.client), ["m.login.sso", "m.login.password", "m.login.token"]);

            await app.signIn(deviceId);
            assert.equal(app.keys, keys);
        });

        test("a softly signed-out service's user too", async (t) => {
            const app = await newServiceApp(t);
            const { deviceId, keys } = app;
            await suite.server.command("user", "soft-logout", app.name);
            await app.refusal();
            assert.equal(app.signedOut, "soft");
            assert.deepEqual(await flows(app.client), [loginType]);

            await app.signInBy(serviceLogin(app.name, deviceId), service(app));
            assert.equal(app.deviceId, deviceId);
            assert.equal(app.keys, keys);
            assert.equal((await app.whoami()).device_id, deviceId);
        });

        test("a client that was signed out for good is shown what everybody is", async (t) => {
            const app = await suite.newApp(t);
            await app.client.logout();
            assert.deepEqual(await flows(app.client), await flows(app.anonymous()));
        });
    });
}
