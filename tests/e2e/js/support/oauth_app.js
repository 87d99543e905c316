// An application on matrix-js-sdk 43 that signs in by OAuth 2.0: the SDK refreshes for it, and
// tells it when the session is over.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { OAuth2 } from "matrix-js-sdk/lib/oauth/index.js";

import { silent } from "./app.js";
import { Person } from "./browser.js";
import { callback, registration, told } from "./oauth_client.js";

export class OAuthApp {
    // Registered at the server of the suite, for a person who has an account there.
    static async start(suite, sdk, t) {
        const app = new OAuthApp();
        app.sdk = sdk;
        app.account = suite.noApp(t);
        await app.account.register(`user-${randomUUID()}`);
        Object.assign(app, { name: app.account.name, password: app.account.password });
        app.userId = app.account.userId;
        app.url = app.account.url;
        app.person = new Person(app.url, app.account.name, app.account.password);
        const metadata = await app.account.anonymous().getAuthMetadata();
        const { client_name, client_uri, redirect_uris, application_type } = registration();
        const clientId = await OAuth2.registerClient(metadata, {
            client_name,
            client_uri,
            redirect_uris,
            application_type,
        });
        app.oauth = new OAuth2(metadata, { clientId }, silent);
        app.deviceId = app.oauth.context.deviceId;
        t.after(() => app.client?.stopClient());
        return app;
    }

    // The whole code flow, and a client with what it gave.
    async signIn(mode) {
        const state = randomUUID();
        const asked = await this.oauth.generateAuthorizationCodeGrantUrl(state, callback, mode);
        const answer = told(await this.person.allow(asked));
        assert.equal(answer.get("state"), state);
        this.open(await this.oauth.completeAuthorizationCodeGrant(answer.get("code"), callback));
    }

    // A client with these tokens, of the token endpoint.
    open(tokens) {
        this.tokens = tokens;
        this.refreshes = [];
        this.signedOut = null; // how the SDK said so last: "soft" or "hard"
        this.client = this.sdk.createClient({
            baseUrl: this.url,
            logger: silent,
            userId: this.userId,
            deviceId: this.deviceId,
            accessToken: tokens.access_token,
            refreshToken: tokens.refresh_token,
            oauthClientId: this.oauth.context.clientId,
            onTokenRefresh: (pair) => this.refreshes.push(pair),
        });
        this.client.on(this.sdk.HttpApiEvent.SessionLoggedOut, (error) => {
            this.signedOut = error.data.soft_logout === true ? "soft" : "hard";
        });
    }

    // Makes a request as its device.
    async goesOn() {
        const who = await this.client.whoami();
        assert.equal(who.user_id, this.userId);
        assert.equal(who.device_id, this.deviceId);
        assert.equal(this.signedOut, null);
    }
}
