// Access tokens that expire while the application runs.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { App } from "./support/app.js";
import { Latchkey, until } from "./support/latchkey.js";

describe("access tokens of two seconds", () => {
    let server;
    let number = 0;

    before(async () => {
        server = await Latchkey.start({ access_token_lifetime: "2s", refresh_grace: "1s" });
    });
    after(() => server.stop());

    async function newApp(t, version) {
        const app = new App(version, server.url);
        t.after(() => app.close());
        await app.register(`user${++number}`);
        return app;
    }

    // Waits until the server itself refuses the token that the application holds.
    async function expired(app) {
        const headers = { Authorization: `Bearer ${app.client.getAccessToken()}` };
        const path = `${server.url}/_matrix/client/v3/account/whoami`;
        await until(async () => (await fetch(path, { headers })).status === 401, "the expiry");
    }

    test("39 refreshes by itself, again and again", async (t) => {
        const app = await newApp(t, "39");
        for (const round of [1, 2, 3]) {
            await expired(app);
            assert.equal((await app.whoami()).device_id, app.deviceId);
            assert.ok(app.refreshes >= round);
        }
        assert.equal(app.signedOut, null);
        assert.ok(app.keys);
    });

    test("39 refreshes once for many requests", async (t) => {
        const app = await newApp(t, "39");
        await expired(app);
        const answers = await Promise.all(Array.from({ length: 20 }, () => app.whoami()));
        assert.ok(answers.every((answer) => answer.device_id === app.deviceId));
        assert.equal(app.refreshes, 1);
    });

    test("39 keeps its keys when the refresh token was ended softly", async (t) => {
        const app = await newApp(t, "39");
        const { deviceId, keys } = app;
        await server.command("user", "soft-logout", app.name);
        await app.refusal();
        assert.equal(app.signedOut, "soft");
        assert.equal(app.refreshes, 0);
        await app.signIn(deviceId);
        assert.equal(app.keys, keys);
        await expired(app);
        assert.equal((await app.whoami()).device_id, deviceId);
    });

    test("39 wipes when the session was ended for good", async (t) => {
        const app = await newApp(t, "39");
        const [session] = (await server.command("user", "sessions", app.name)).sessions;
        await server.command("session", "end", session.id);
        await app.refusal();
        assert.equal(app.signedOut, "hard");
        assert.equal(app.keys, null);
    });

    test("43 is told softly, and the application refreshes by hand", async (t) => {
        const app = await newApp(t, "43");
        const { deviceId, keys } = app;
        await expired(app);
        const error = await app.refusal();
        assert.equal(error.data.soft_logout, true);
        assert.equal(app.signedOut, "soft");

        await app.refreshByHand();
        assert.equal((await app.whoami()).device_id, deviceId);
        assert.equal(app.keys, keys);
    });

    test("43 gets the same pair again for a lost reply", async (t) => {
        const app = await newApp(t, "43");
        const lost = await app.anonymous().refreshToken(app.refreshToken);
        const again = await app.anonymous().refreshToken(app.refreshToken);
        assert.equal(again.access_token, lost.access_token);
        assert.equal(again.refresh_token, lost.refresh_token);
    });

    test("43 comes back with its password after expiry", async (t) => {
        const app = await newApp(t, "43");
        const { deviceId, keys } = app;
        await expired(app);
        await app.refusal();
        await app.signIn(deviceId);
        assert.equal((await app.whoami()).device_id, deviceId);
        assert.equal(app.keys, keys);
    });
});
