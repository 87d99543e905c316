// matrix-js-sdk 43: the OAuth 2.0 API. It refreshes these sessions by itself.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import * as sdk from "matrix-js-sdk";
import { logger } from "matrix-js-sdk/lib/logger.js";
import { TokenRefresher } from "matrix-js-sdk/lib/oauth/tokenRefresher.js";

import { maximumAgeTests, sessionEndTests } from "./session_ends.js";
import { fates } from "./support/lossy_proxy.js";
import { OAuthApp } from "./support/oauth_app.js";
import { shortTokens } from "./support/short_tokens.js";
import { behindLossyProxy, withServer } from "./support/suite.js";

logger.setLevel("silent");

async function signIn(suite, t, mode) {
    const app = await OAuthApp.start(suite, sdk, t);
    await app.signIn(mode);
    return app;
}

// At once, for the SDK waits five seconds between the polls of a device.
describe("matrix-js-sdk 43: OAuth 2.0", { concurrency: true }, () => {
    const suite = withServer(sdk);

    const signedIn = (t, mode) => signIn(suite, t, mode);

    for (const mode of ["query", "fragment"]) {
        test(`signs in, answered in the ${mode}`, async (t) => {
            const app = await signedIn(t, mode);
            await app.goesOn();
        });
    }

    test("signs in on a device without a browser", async (t) => {
        const app = await OAuthApp.start(suite, sdk, t);
        const begun = await app.oauth.startDeviceAuthorizationGrant();
        const polling = app.oauth.waitForDeviceAuthorizationGrant(begun);
        await app.person.enterCode(begun.verification_uri, begun.user_code, "allow");
        app.open(await polling);
        await app.goesOn();
    });

    test("is told that the person has said no to a device", async (t) => {
        const app = await OAuthApp.start(suite, sdk, t);
        const begun = await app.oauth.startDeviceAuthorizationGrant();
        await app.person.openCode(begun.verification_uri_complete, "deny");
        const answer = await app.oauth.waitForDeviceAuthorizationGrant(begun);
        assert.equal(answer.error, "access_denied");
    });

    test("refreshes, the same pair for a lost reply", async (t) => {
        const app = await signedIn(t);
        const lost = await app.oauth.performRefreshTokenGrant(app.tokens.refresh_token);
        const again = await app.oauth.performRefreshTokenGrant(app.tokens.refresh_token);
        assert.equal(again.access_token, lost.access_token);
        assert.equal(again.refresh_token, lost.refresh_token);
        app.open(again);
        await app.goesOn();
    });

    for (const type of ["access_token", "refresh_token"]) {
        test(`is logged out for good when its ${type} was revoked`, async (t) => {
            const app = await signedIn(t);
            await app.oauth.revokeToken(app.tokens[type], type);
            await assert.rejects(app.client.whoami(), { errcode: "M_UNKNOWN_TOKEN" });
            assert.equal(app.signedOut, "hard");
            const refresher = new TokenRefresher(app.oauth, () => {});
            await assert.rejects(refresher.refreshTokens(app.tokens.refresh_token), {
                name: "TokenRefreshLogoutError",
            });
        });
    }

    test("logs itself out for good", async (t) => {
        const app = await signedIn(t);
        await app.client.logout();
        await assert.rejects(app.client.whoami(), { errcode: "M_UNKNOWN_TOKEN" });
        assert.equal(app.signedOut, "hard");
        assert.deepEqual(app.refreshes, []);
    });

    test("is logged out softly, and comes back to its device", async (t) => {
        const app = await signedIn(t);
        await suite.server.command("user", "soft-logout", app.account.name);
        await assert.rejects(app.client.whoami(), { errcode: "M_UNKNOWN_TOKEN" });
        assert.equal(app.signedOut, "soft");
        await assert.rejects(
            app.oauth.performRefreshTokenGrant(app.tokens.refresh_token),
            (error) => error.errcode === "M_UNKNOWN_TOKEN" && error.data.soft_logout === true,
        );
        await app.signIn();
        await app.goesOn();
    });

    test("goes on when a lock is lifted", async (t) => {
        const app = await signedIn(t);
        await suite.server.command("user", "lock", app.account.name);
        await assert.rejects(app.client.whoami(), { errcode: "M_USER_LOCKED" });
        await suite.server.command("user", "unlock", app.account.name);
        await app.goesOn();
    });
});

describe("matrix-js-sdk 43: OAuth 2.0, access tokens of two seconds", { concurrency: true }, () => {
    const suite = shortTokens(sdk, behindLossyProxy);

    // With an access token that has expired.
    async function expired(t) {
        const app = await signIn(suite, t);
        await suite.expired(app);
        return app;
    }

    test("refreshes by itself, again and again", async (t) => {
        const app = await expired(t);
        await app.goesOn();
        await suite.expired(app);
        await app.goesOn();
        const refreshTokens = app.refreshes.map((pair) => pair.refreshToken);
        assert.ok(refreshTokens.length >= 2);
        assert.equal(new Set(refreshTokens).size, refreshTokens.length);
    });

    for (const fate of Object.values(fates)) {
        test(`is not logged out by a refresh that fails: ${fate}`, async (t) => {
            const app = await expired(t);
            suite.network.plan(fate, "/oauth2/token", app.tokens.refresh_token);
            await assert.rejects(app.client.whoami(), { name: "TokenRefreshError" });
            assert.equal(app.signedOut, null);
            assert.deepEqual(app.refreshes, []);
            await app.goesOn();
        });
    }

    test("is logged out softly when the session was ended softly meanwhile", async (t) => {
        const app = await expired(t);
        await suite.server.command("user", "soft-logout", app.account.name);
        await assert.rejects(app.client.whoami(), { errcode: "M_UNKNOWN_TOKEN" });
        assert.equal(app.signedOut, "soft");
    });

    test("is logged out for good when the session was revoked meanwhile", async (t) => {
        const app = await expired(t);
        await app.oauth.revokeToken(app.tokens.refresh_token);
        await assert.rejects(app.client.whoami(), { errcode: "M_UNKNOWN_TOKEN" });
        assert.equal(app.signedOut, "hard");
    });

    sessionEndTests(suite, (t) => signIn(suite, t), "/oauth2/token");
});

maximumAgeTests("matrix-js-sdk 43: OAuth 2.0", sdk, signIn);
