// What an app that can refresh is told when its session ends or its person is locked, whichever of
// its requests is refused first.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";

import { shortSessions } from "./support/short_tokens.js";

// What happens, and what the app has to be told: "soft", to sign in again and keep the keys, or
// "hard". `elsewhere`: another app of the person, signed in by the legacy API.
const ends = {
    "an operator ended it softly": {
        told: "soft",
        end: ({ name }, suite) => suite.server.command("user", "soft-logout", name),
    },
    "its device was taken over": {
        told: "soft",
        end: (app, suite) => signInElsewhere(app, suite, { device_id: app.deviceId }),
    },
    "its person signed out everywhere": {
        told: "hard",
        end: async (app, suite) => (await signInElsewhere(app, suite))("/logout/all"),
    },
    "its person changed the password": {
        told: "hard",
        end: async (app, suite) => {
            const auth = passwordOf(app);
            const elsewhere = await signInElsewhere(app, suite);
            await elsewhere("/account/password", { auth, new_password: `new ${randomUUID()}` });
        },
    },
    "its account was deactivated": {
        told: "hard",
        end: ({ name }, suite) => suite.server.command("user", "deactivate", name),
    },
};

function passwordOf({ name, password }) {
    return {
        type: "m.login.password",
        identifier: { type: "m.id.user", user: name },
        password,
    };
}

// A function that posts to a path of the Client-Server API as that other app.
async function signInElsewhere(app, { server }, fields = {}) {
    const post = async (path, body = {}, token = undefined) => {
        const answer = await fetch(`${server.url}/_matrix/client/v3${path}`, {
            method: "POST",
            headers: token ? { Authorization: `Bearer ${token}` } : {},
            body: JSON.stringify(body),
        });
        const said = await answer.json();
        assert.equal(answer.status, 200, JSON.stringify(said));
        return said;
    };
    const { access_token } = await post("/login", { ...passwordOf(app), ...fields });
    return (path, body) => post(path, body, access_token);
}

// To be called in a suite with short tokens behind a lossy proxy. `signedIn(t)`: an app with name,
// password, deviceId, client, and signedOut as the SDK said it last; `refreshes`: the path of its
// refresh.
export function sessionEndTests(suite, signedIn, refreshes) {
    // The SDK has learnt when its access token expires, and that moment has come: it refreshes
    // before the next request.
    async function aboutToRefresh(t) {
        const app = await signedIn(t);
        await suite.expired(app);
        await app.client.whoami();
        await suite.expired(app);
        return app;
    }

    // Where the first request of `app` since then was refused.
    function watch(app) {
        const { accessToken, refreshToken } = app.client.http.opts;
        const { exchanges } = suite.network;
        const before = exchanges.length;
        return () =>
            exchanges
                .slice(before)
                .find(({ status, sent }) => status >= 400 && sent(accessToken, refreshToken))?.path;
    }

    const refusedFirst = { request: signedIn, refresh: aboutToRefresh };
    for (const [first, begin] of Object.entries(refusedFirst)) {
        const expected = first === "refresh" ? refreshes : "/_matrix/client/v3/account/whoami";

        for (const [what, { told, end }] of Object.entries(ends)) {
            test(`is told ${told} that ${what}, its ${first} refused first`, async (t) => {
                const app = await begin(t);
                const refused = watch(app);
                await end(app, suite);
                await assert.rejects(app.client.whoami(), { errcode: "M_UNKNOWN_TOKEN" });
                assert.equal(refused(), expected);
                assert.equal(app.signedOut, told);
            });
        }

        test(`waits for a lock to be lifted, its ${first} refused first`, async (t) => {
            const app = await begin(t);
            const refused = watch(app);
            await suite.server.command("user", "lock", app.name);
            for (let round = 0; round < 2; ++round) {
                await assert.rejects(app.client.whoami(), { errcode: "M_USER_LOCKED" });
            }
            assert.equal(refused(), expected);
            await suite.server.command("user", "unlock", app.name);
            assert.equal((await app.client.whoami()).device_id, app.deviceId);
            assert.equal(app.signedOut, null);
        });
    }
}

// The same for the end that time brings. signIn(suite, t): such an app at a server of the suite's.
export function maximumAgeTests(name, sdk, signIn) {
    describe(`${name}: sessions of two seconds`, () => {
        const suite = shortSessions(sdk);

        test("is told soft that its session is too old", async (t) => {
            const app = await signIn(suite, t);
            await suite.expired(app);
            await assert.rejects(app.client.whoami(), { errcode: "M_UNKNOWN_TOKEN" });
            assert.equal(app.signedOut, "soft");
        });
    });
}
