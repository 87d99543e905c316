// What both versions of the SDK make of a legacy session's life.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { App } from "./support/app.js";
import { Latchkey } from "./support/latchkey.js";

// Declares the tests for the SDK of this process.
export function signInTests(sdk, name) {
    describe(`${name}: a legacy session`, () => {
        let server;
        let app;
        let number = 0;

        before(async () => (server = await Latchkey.start()));
        after(() => server.stop());

        // A new user, signed in.
        async function newApp(t) {
            app = new App(sdk, server.url);
            t.after(() => app.close());
            await app.register(`user${++number}`);
            return app;
        }

        test("registers through user-interactive authentication", async (t) => {
            await newApp(t);
            assert.match(app.userId, /^@user\d+:example\.com$/);
            assert.ok(app.refreshToken);
            const answer = await app.whoami();
            assert.equal(answer.user_id, app.userId);
            assert.equal(answer.device_id, app.deviceId);
        });

        test("signs in with a password, as a new device", async (t) => {
            await newApp(t);
            const first = app.deviceId;
            await app.signIn();
            assert.notEqual(app.deviceId, first);
            assert.equal((await app.whoami()).device_id, app.deviceId);
        });

        test("is told of a wrong password", async (t) => {
            await newApp(t);
            app.password = "not this one";
            const error = await app.refusal(() => app.signIn());
            assert.equal(error.httpStatus, 403);
            assert.equal(error.errcode, "M_FORBIDDEN");
        });

        test("keeps its keys through a soft logout and comes back to the same device", async (t) => {
            await newApp(t);
            const { deviceId, keys } = app;
            await server.command("user", "soft-logout", app.name);

            const error = await app.refusal();
            assert.equal(error.errcode, "M_UNKNOWN_TOKEN");
            assert.equal(error.data.soft_logout, true);
            assert.equal(app.signedOut, "soft");

            await app.signIn(deviceId);
            assert.equal(app.deviceId, deviceId);
            assert.equal(app.keys, keys);
            assert.equal((await app.whoami()).device_id, deviceId);
        });

        test("takes a logout elsewhere for what it is, and wipes", async (t) => {
            await newApp(t);
            const other = new App(sdk, server.url);
            t.after(() => other.close());
            Object.assign(other, { name: app.name, password: app.password });
            await other.signIn();
            await other.client.http.authedRequest("POST", "/logout/all");

            const error = await app.refusal();
            assert.equal(error.errcode, "M_UNKNOWN_TOKEN");
            assert.equal(error.data.soft_logout, false);
            assert.equal(app.signedOut, "hard");
            assert.equal(app.keys, null);
        });

        test("logs itself out for good", async (t) => {
            await newApp(t);
            await app.client.logout();
            const error = await app.refusal();
            assert.equal(error.data.soft_logout, false);
            assert.equal(app.signedOut, "hard");
        });

        test("can log out fully while softly logged out", async (t) => {
            await newApp(t);
            await server.command("user", "soft-logout", app.name);
            await app.refusal();
            assert.equal(app.signedOut, "soft");
            await app.client.logout();
            await app.refusal();
            assert.equal(app.signedOut, "hard");
        });

        test("sees a lock, keeps its keys, and goes on when it is lifted", async (t) => {
            await newApp(t);
            const { keys } = app;
            await server.command("user", "lock", app.name);
            const error = await app.refusal();
            assert.equal(error.httpStatus, 401);
            assert.equal(error.errcode, "M_USER_LOCKED");
            assert.equal(error.data.soft_logout, true);

            await server.command("user", "unlock", app.name);
            assert.equal((await app.whoami()).user_id, app.userId);
            assert.equal(app.signedOut, null);
            assert.equal(app.keys, keys);
        });

        test("a new sign-in to its device ends the older one's tokens softly", async (t) => {
            await newApp(t);
            const second = new App(sdk, server.url);
            t.after(() => second.close());
            Object.assign(second, { name: app.name, password: app.password });
            await second.signIn(app.deviceId);

            await app.refusal();
            assert.equal(app.signedOut, "soft");
            assert.equal((await second.whoami()).device_id, app.deviceId);
        });
    });
}
