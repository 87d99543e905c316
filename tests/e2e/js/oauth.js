// The OAuth 2.0 API as matrix-js-sdk 43 speaks it.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";

import { OAuth2 } from "matrix-js-sdk/lib/oauth/index.js";
import { TokenRefresher } from "matrix-js-sdk/lib/oauth/tokenRefresher.js";

import { Person } from "./support/browser.js";
import { withServer } from "./support/suite.js";

const callback = "https://app.example/callback";
const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, getChild: () => silent };

// Declares the tests for the SDK of this process.
export function oauthTests(sdk, name) {
    describe(`${name}: OAuth 2.0`, () => {
        const suite = withServer(sdk, {
            sessions: { access_token_lifetime: "2s", refresh_grace: "1s" },
        });

        // A person with an account, and an app that they have let in.
        async function signedIn(t) {
            const { url } = suite.server;
            const account = suite.noApp(t);
            await account.register(`user-${randomUUID()}`);
            const person = new Person(url, account.name, account.password);
            const metadata = await account.anonymous().getAuthMetadata();
            const clientId = await OAuth2.registerClient(metadata, {
                client_name: "An App",
                client_uri: "https://app.example/",
                redirect_uris: [callback],
                application_type: "web",
            });
            const oauth = new OAuth2(metadata, { clientId }, silent);
            const signIn = async (mode) => {
                const asked = await oauth.generateAuthorizationCodeGrantUrl("st", callback, mode);
                const answer = await person.allow(asked);
                const told = new URLSearchParams((answer.hash || answer.search).slice(1));
                assert.equal(told.get("state"), "st");
                return oauth.completeAuthorizationCodeGrant(told.get("code"), callback);
            };
            return { account, oauth, signIn };
        }

        function client({ account, oauth }, tokens) {
            return sdk.createClient({
                baseUrl: suite.server.url,
                logger: silent,
                userId: account.userId,
                deviceId: oauth.context.deviceId,
                accessToken: tokens.access_token,
                refreshToken: tokens.refresh_token,
            });
        }

        for (const mode of ["query", "fragment"]) {
            test(`signs in, answered in the ${mode}`, async (t) => {
                const app = await signedIn(t);
                const tokens = await app.signIn(mode);
                const who = await client(app, tokens).whoami();
                assert.equal(who.user_id, app.account.userId);
                assert.equal(who.device_id, app.oauth.context.deviceId);
            });
        }

        test("refreshes, the same pair for a lost reply", async (t) => {
            const app = await signedIn(t);
            const tokens = await app.signIn();
            const lost = await app.oauth.performRefreshTokenGrant(tokens.refresh_token);
            const again = await app.oauth.performRefreshTokenGrant(tokens.refresh_token);
            assert.equal(again.access_token, lost.access_token);
            assert.ok(await client(app, again).whoami());
        });

        test("sees a revoked session as logged out", async (t) => {
            const app = await signedIn(t);
            const tokens = await app.signIn();
            await app.oauth.revokeToken(tokens.access_token, "access_token");
            await assert.rejects(client(app, tokens).whoami(), (error) => {
                assert.equal(error.errcode, "M_UNKNOWN_TOKEN");
                return error.data.soft_logout === false;
            });
            const refresher = new TokenRefresher(app.oauth, () => {});
            await assert.rejects(refresher.refreshTokens(tokens.refresh_token), {
                name: "TokenRefreshLogoutError",
            });
        });

        test("comes back to its device after a soft end", async (t) => {
            const app = await signedIn(t);
            const tokens = await app.signIn();
            await suite.server.command("user", "soft-logout", app.account.name);
            await assert.rejects(
                app.oauth.performRefreshTokenGrant(tokens.refresh_token),
                (error) => error.errcode === "M_UNKNOWN_TOKEN" && error.data.soft_logout === true,
            );
            const again = await app.signIn();
            const who = await client(app, again).whoami();
            assert.equal(who.device_id, app.oauth.context.deviceId);
        });
    });
}
