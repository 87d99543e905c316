// matrix-js-sdk 43: it refreshes OAuth 2.0 sessions only; a legacy one is the application's to refresh.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import * as sdk from "matrix-js-sdk";
import { logger } from "matrix-js-sdk/lib/logger.js";

import { ownAccountTests } from "./own_account.js";
import { registrationTests } from "./registration.js";
import { servicesTests } from "./services.js";
import { signInTests } from "./sign_in.js";
import { signInFormsTests } from "./sign_in_forms.js";
import { shortTokens } from "./support/short_tokens.js";

logger.setLevel("silent");
for (const tests of [
    signInTests,
    signInFormsTests,
    registrationTests,
    ownAccountTests,
    servicesTests,
]) {
    tests(sdk, "matrix-js-sdk 43");
}

describe("matrix-js-sdk 43: access tokens of two seconds", { concurrency: true }, () => {
    const suite = shortTokens(sdk);

    test("is told softly, and the application refreshes by hand", async (t) => {
        const app = await suite.newApp(t);
        const { deviceId, keys } = app;
        await suite.expired(app);
        const error = await app.refusal();
        assert.equal(error.data.soft_logout, true);
        assert.equal(app.signedOut, "soft");

        await app.refreshByHand();
        assert.equal((await app.whoami()).device_id, deviceId);
        assert.equal(app.keys, keys);
    });

    test("gets the same pair again for a lost reply", async (t) => {
        const app = await suite.newApp(t);
        const lost = await app.anonymous().refreshToken(app.refreshToken);
        const again = await app.anonymous().refreshToken(app.refreshToken);
        assert.equal(again.access_token, lost.access_token);
        assert.equal(again.refresh_token, lost.refresh_token);
    });

    test("comes back with its password after expiry", async (t) => {
        const app = await suite.newApp(t);
        const { deviceId, keys } = app;
        await suite.expired(app);
        await app.refusal();
        await app.signIn(deviceId);
        assert.equal((await app.whoami()).device_id, deviceId);
        assert.equal(app.keys, keys);
    });
});
