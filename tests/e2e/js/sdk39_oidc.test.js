// matrix-js-sdk 39: OpenID Connect by oidc-client-ts, with the unstable scopes. In a process of its
// own, for it stands on a browser's window.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";

import * as sdk from "matrix-js-sdk-39";
import { logger } from "matrix-js-sdk-39/lib/logger.js";
import {
    completeAuthorizationCodeGrant,
    generateOidcAuthorizationUrl,
    OidcTokenRefresher,
    registerOidcClient,
} from "matrix-js-sdk-39/lib/oidc/index.js";

import { maximumAgeTests, sessionEndTests } from "./session_ends.js";
import { fates } from "./support/lossy_proxy.js";
import { callback, registration } from "./support/oauth_client.js";
import { shortTokens } from "./support/short_tokens.js";
import { behindLossyProxy } from "./support/suite.js";

logger.setLevel("silent");

class Storage {
    #items = new Map();

    getItem(key) {
        return this.#items.get(key) ?? null;
    }

    setItem(key, value) {
        this.#items.set(key, value);
    }

    removeItem(key) {
        this.#items.delete(key);
    }
}
globalThis.window = {
    sessionStorage: new Storage(),
    localStorage: new Storage(),
    location: new URL(callback),
};

// An app that has signed in as the SDK does it, and refreshes by the SDK's refresher.
async function signIn(suite) {
    const homeserverUrl = suite.server.url;
    const person = await suite.newPerson();
    const metadata = await sdk.createClient({ baseUrl: homeserverUrl }).getAuthMetadata();
    const { client_name, client_uri } = registration();
    const clientId = await registerOidcClient(metadata, {
        clientName: client_name,
        clientUri: client_uri,
        redirectUris: [callback],
        applicationType: "web",
    });
    const asked = await generateOidcAuthorizationUrl({
        metadata,
        redirectUri: callback,
        clientId,
        homeserverUrl,
        nonce: randomUUID(),
    });
    const answer = (await person.allow(asked)).searchParams;
    const given = await completeAuthorizationCodeGrant(answer.get("code"), answer.get("state"));
    const { tokenResponse, idTokenClaims } = given;
    const [, deviceId] = tokenResponse.scope.match(/msc2967\.client:device:(\w+)/);
    const refresher = new OidcTokenRefresher(
        metadata.issuer,
        clientId,
        callback,
        deviceId,
        idTokenClaims,
    );
    await refresher.oidcClientReady;
    const { name, password } = person;
    const app = { name, password, person, tokens: tokenResponse, deviceId, signedOut: null };
    app.client = sdk.createClient({
        baseUrl: homeserverUrl,
        userId: `@${person.name}:example.com`,
        deviceId,
        accessToken: tokenResponse.access_token,
        refreshToken: tokenResponse.refresh_token,
        tokenRefreshFunction: (token) => refresher.doRefreshAccessToken(token),
    });
    app.client.on(sdk.HttpApiEvent.SessionLoggedOut, (error) => {
        app.signedOut = error.data.soft_logout === true ? "soft" : "hard";
    });
    return app;
}

describe("matrix-js-sdk 39: OpenID Connect", { concurrency: true }, () => {
    const suite = shortTokens(sdk, behindLossyProxy);

    const signedIn = () => signIn(suite);

    async function expired() {
        const app = await signedIn();
        await suite.expired(app);
        return app;
    }

    test("signs in, and refreshes by itself", async () => {
        const app = await signedIn();
        for (let round = 0; round < 2; ++round) {
            await suite.expired(app);
            assert.equal((await app.client.whoami()).device_id, app.deviceId);
        }
        assert.equal(app.signedOut, null);
    });

    for (const fate of Object.values(fates)) {
        test(`is not logged out by a refresh that fails: ${fate}`, async () => {
            const app = await expired();
            suite.network.plan(fate, "/oauth2/token", app.tokens.refresh_token);
            await assert.rejects(app.client.whoami(), { name: "TokenRefreshError" });
            assert.equal(app.signedOut, null);
            assert.equal((await app.client.whoami()).device_id, app.deviceId);
        });
    }

    test("is logged out softly when the session was ended softly", async () => {
        const app = await expired();
        await suite.server.command("user", "soft-logout", app.person.name);
        await assert.rejects(app.client.whoami(), { errcode: "M_UNKNOWN_TOKEN" });
        assert.equal(app.signedOut, "soft");
    });

    test("is logged out for good when the session was ended by a person", async () => {
        const app = await signedIn();
        const { sessions } = await suite.server.command("user", "sessions", app.person.name);
        await suite.server.command("session", "end", sessions[0].id);
        await assert.rejects(app.client.whoami(), { errcode: "M_UNKNOWN_TOKEN" });
        assert.equal(app.signedOut, "hard");
    });

    sessionEndTests(suite, signedIn, "/oauth2/token");
});

maximumAgeTests("matrix-js-sdk 39: OpenID Connect", sdk, signIn);
