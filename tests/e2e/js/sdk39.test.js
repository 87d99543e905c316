// matrix-js-sdk 39: it refreshes a legacy session by the application's token refresh function.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import * as sdk from "matrix-js-sdk-39";
import { logger } from "matrix-js-sdk-39/lib/logger.js";

import { ownAccountTests } from "./own_account.js";
import { registrationTests } from "./registration.js";
import { maximumAgeTests, sessionEndTests } from "./session_ends.js";
import { servicesTests } from "./services.js";
import { signInTests } from "./sign_in.js";
import { signInFormsTests } from "./sign_in_forms.js";
import { shortTokens } from "./support/short_tokens.js";
import { behindLossyProxy } from "./support/suite.js";

logger.setLevel("silent");
for (const tests of [
    signInTests,
    signInFormsTests,
    registrationTests,
    ownAccountTests,
    servicesTests,
]) {
    tests(sdk, "matrix-js-sdk 39");
}

describe("matrix-js-sdk 39: access tokens of two seconds", { concurrency: true }, () => {
    const suite = shortTokens(sdk, behindLossyProxy);

    test("refreshes by itself, again and again", async (t) => {
        const app = await suite.newApp(t);
        for (const round of [1, 2, 3]) {
            await suite.expired(app);
            assert.equal((await app.whoami()).device_id, app.deviceId);
            assert.ok(app.refreshes >= round);
        }
        assert.equal(app.signedOut, null);
        assert.ok(app.keys);
    });

    test("refreshes once for many requests", async (t) => {
        const app = await suite.newApp(t);
        await suite.expired(app);
        const answers = await Promise.all(Array.from({ length: 20 }, () => app.whoami()));
        assert.ok(answers.every((answer) => answer.device_id === app.deviceId));
        assert.equal(app.refreshes, 1);
    });

    test("keeps its keys when the refresh token was ended softly", async (t) => {
        const app = await suite.newApp(t);
        const { deviceId, keys } = app;
        await suite.server.command("user", "soft-logout", app.name);
        await app.refusal();
        assert.equal(app.signedOut, "soft");
        assert.equal(app.refreshes, 0);
        await app.signIn(deviceId);
        assert.equal(app.keys, keys);
        await suite.expired(app);
        assert.equal((await app.whoami()).device_id, deviceId);
    });

    test("wipes when the session was ended for good", async (t) => {
        const app = await suite.newApp(t);
        const [session] = (await suite.server.command("user", "sessions", app.name)).sessions;
        await suite.server.command("session", "end", session.id);
        await app.refusal();
        assert.equal(app.signedOut, "hard");
        assert.equal(app.keys, null);
    });

    sessionEndTests(suite, (t) => suite.newApp(t), "/_matrix/client/v3/refresh");
});

maximumAgeTests("matrix-js-sdk 39", sdk, (suite, t) => suite.newApp(t));
