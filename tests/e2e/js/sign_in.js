// What both versions of the SDK make of a legacy session's life.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { withServer } from "./support/suite.js";

// Declares the tests for the SDK of this process.
export function signInTests(sdk, name) {
    describe(`${name}: a legacy session`, () => {
        const suite = withServer(sdk);

        test("registers through user-interactive authentication", async (t) => {
            const app = await suite.newApp(t);
            assert.match(app.userId, /^@user\d+:example\.com$/);
            assert.ok(app.refreshToken);
            const answer = await app.whoami();
            assert.equal(answer.user_id, app.userId);
            assert.equal(answer.device_id, app.deviceId);
        });

        test("signs in with a password, as a new device", async (t) => {
            const app = await suite.newApp(t);
            const first = app.deviceId;
            await app.signIn();
            assert.notEqual(app.deviceId, first);
            assert.equal((await app.whoami()).device_id, app.deviceId);
        });

        test("is told of a wrong password", async (t) => {
            const app = await suite.newApp(t);
            app.password = "not this one";
            const error = await app.refusal(() => app.signIn());
            assert.equal(error.httpStatus, 403);
            assert.equal(error.errcode, "M_FORBIDDEN");
        });

        test("keeps its keys through a soft logout and comes back to the same device", async (t) => {
            const app = await suite.newApp(t);
            const { deviceId, keys } = app;
            await suite.server.command("user", "soft-logout", app.name);

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
            const app = await suite.newApp(t);
            const other = await app.another(t);
            await other.client.http.authedRequest("POST", "/logout/all");

            const error = await app.refusal();
            assert.equal(error.errcode, "M_UNKNOWN_TOKEN");
            assert.equal(error.data.soft_logout, false);
            assert.equal(app.signedOut, "hard");
            assert.equal(app.keys, null);
        });

        test("logs itself out for good", async (t) => {
            const app = await suite.newApp(t);
            await app.client.logout();
            const error = await app.refusal();
            assert.equal(error.data.soft_logout, false);
            assert.equal(app.signedOut, "hard");
        });

        test("can log out fully while softly logged out", async (t) => {
            const app = await suite.newApp(t);
            await suite.server.command("user", "soft-logout", app.name);
            await app.refusal();
            assert.equal(app.signedOut, "soft");
            await app.client.logout();
            await app.refusal();
            assert.equal(app.signedOut, "hard");
        });

        test("sees a lock, keeps its keys, and goes on when it is lifted", async (t) => {
            const app = await suite.newApp(t);
            const { keys } = app;
            await suite.server.command("user", "lock", app.name);
            const error = await app.refusal();
            assert.equal(error.httpStatus, 401);
            assert.equal(error.errcode, "M_USER_LOCKED");
            assert.equal(error.data.soft_logout, true);

            await suite.server.command("user", "unlock", app.name);
            assert.equal((await app.whoami()).user_id, app.userId);
            assert.equal(app.signedOut, null);
            assert.equal(app.keys, keys);
        });

        test("a new sign-in to its device ends the older one's tokens softly", async (t) => {
            const app = await suite.newApp(t);
            const second = await app.another(t);
            await second.signIn(app.deviceId);

            await app.refusal();
            assert.equal(app.signedOut, "soft");
            assert.equal((await second.whoami()).device_id, app.deviceId);
        });
    });
}
