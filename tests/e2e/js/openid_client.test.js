// openid-client: OpenID Connect and OAuth 2.0 as a relying party does them that knows nothing of
// Matrix. It checks what the standards have a client check: issuer, state, nonce, PKCE, ID tokens
// against the published keys.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import * as client from "openid-client";

import {
    callback,
    deviceGrant,
    newDevice,
    registration,
    scopeOf,
    told,
    whoami,
} from "./support/oauth_client.js";
import { withServer } from "./support/suite.js";

// The server of a test is on plain HTTP; the keys are asked for with each ID token.
const how = { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] };

describe("openid-client", { concurrency: true }, () => {
    const suite = withServer();

    function register(fields) {
        const server = new URL(suite.server.url);
        return client.dynamicClientRegistration(server, registration(fields), client.None(), how);
    }

    // An authorization request, and what its client keeps to itself.
    async function ask(config, fields = {}) {
        const verifier = client.randomPKCECodeVerifier();
        const state = client.randomState();
        const url = client.buildAuthorizationUrl(config, {
            redirect_uri: callback,
            scope: scopeOf(newDevice(), "openid"),
            code_challenge: await client.calculatePKCECodeChallenge(verifier),
            code_challenge_method: "S256",
            state,
            ...fields,
        });
        return { url, checks: { pkceCodeVerifier: verifier, expectedState: state } };
    }

    // The whole code flow.
    async function signIn(config, person, fields = {}, checks = {}) {
        const asked = await ask(config, fields);
        const answer = await person.allow(asked.url);
        return client.authorizationCodeGrant(config, answer, { ...asked.checks, ...checks });
    }

    for (const algorithm of ["oidc", "oauth2"]) {
        test(`discovers the server (${algorithm})`, async () => {
            const server = new URL(suite.server.url);
            const options = { ...how, algorithm };
            const config = await client.discovery(server, "any", {}, client.None(), options);
            const metadata = config.serverMetadata();
            assert.equal(metadata.issuer, `${suite.server.url}/`);
            assert.ok(metadata.supportsPKCE());
            assert.ok(metadata.authorization_response_iss_parameter_supported);
            assert.ok(metadata.grant_types_supported.includes(deviceGrant));
        });
    }

    test("registers, and is the same client the next time", async () => {
        const first = (await register()).clientMetadata();
        const second = (await register()).clientMetadata();
        assert.equal(first.client_id, second.client_id);
        assert.equal(first.token_endpoint_auth_method, "none");
        assert.equal(first.client_secret, undefined);
        assert.deepEqual(first.redirect_uris, [callback]);
    });

    test("is told what is wrong with its registration", async () => {
        const name = "ResponseBodyError";
        const elsewhere = register({ redirect_uris: ["https://elsewhere.example/"] });
        await assert.rejects(elsewhere, { name, error: "invalid_redirect_uri" });
        const secretive = register({ token_endpoint_auth_method: "client_secret_post" });
        await assert.rejects(secretive, { name, error: "invalid_client_metadata" });
    });

    for (const algorithm of ["RS256", "ES256"]) {
        test(`signs in with an ID token by ${algorithm}`, async () => {
            const config = await register({ id_token_signed_response_alg: algorithm });
            const person = await suite.newPerson();
            const nonce = client.randomNonce();
            const checks = { expectedNonce: nonce, maxAge: 60 };
            const scope = scopeOf(newDevice(), "openid profile");
            const tokens = await signIn(config, person, { nonce, scope }, checks);
            const claims = tokens.claims();
            assert.equal(claims.aud, config.clientMetadata().client_id);
            assert.equal(claims.preferred_username, person.name);
            const user = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
            assert.equal(user.preferred_username, person.name);
        });
    }

    test("signs in, answered in the fragment", async () => {
        const config = await register();
        const person = await suite.newPerson();
        const device = newDevice();
        const fields = { response_mode: "fragment", scope: scopeOf(device) };
        const asked = await ask(config, fields);
        const answer = await person.allow(asked.url);
        assert.equal(answer.search, "");
        // The library reads what a page hands on.
        answer.search = told(answer);
        const tokens = await client.authorizationCodeGrant(config, answer, asked.checks);
        assert.equal(tokens.scope, scopeOf(device));
        assert.equal(tokens.id_token, undefined);
        assert.ok(tokens.expiresIn() > 0);
        const who = await whoami(suite.server.url, tokens.access_token);
        assert.equal(who.user_id, `@${person.name}:example.com`);
        assert.equal(who.device_id, device);
    });

    test("refuses an answer to somebody else's request", async () => {
        const config = await register();
        const person = await suite.newPerson();
        const asked = await ask(config);
        const answer = await person.allow(asked.url);
        const { checks } = await ask(config);
        const grant = client.authorizationCodeGrant(config, answer, checks);
        await assert.rejects(grant, { code: "OAUTH_INVALID_RESPONSE" });
    });

    test("is told that the code is not good", async () => {
        const config = await register();
        const person = await suite.newPerson();
        const asked = await ask(config);
        const answer = await person.allow(asked.url);
        const guessed = { ...asked.checks, pkceCodeVerifier: client.randomPKCECodeVerifier() };
        const injected = client.authorizationCodeGrant(config, answer, guessed);
        await assert.rejects(injected, { name: "ResponseBodyError", error: "invalid_grant" });
    });

    test("is told that the code was used, which ends what it gave", async () => {
        const config = await register();
        const person = await suite.newPerson();
        const asked = await ask(config);
        const answer = await person.allow(asked.url);
        const tokens = await client.authorizationCodeGrant(config, answer, asked.checks);
        const again = client.authorizationCodeGrant(config, answer, asked.checks);
        await assert.rejects(again, { error: "invalid_grant" });
        const who = await whoami(suite.server.url, tokens.access_token);
        assert.equal(who.status, 401);
        assert.equal(who.soft_logout, true);
    });

    for (const [error, fields] of [
        ["invalid_scope", { scope: "urn:matrix:client:api:*" }],
        ["invalid_request", { code_challenge_method: "plain" }],
        ["unsupported_response_type", { response_type: "token" }],
        ["request_not_supported", { request: "e30.e30." }],
        ["login_required", { prompt: "none" }],
    ]) {
        test(`is told of ${error} without asking the person`, async () => {
            const config = await register();
            const person = await suite.newPerson();
            if (error !== "login_required") await person.signIn();
            const asked = await ask(config, fields);
            const answer = await person.follow(asked.url);
            const grant = client.authorizationCodeGrant(config, answer, asked.checks);
            await assert.rejects(grant, { name: "AuthorizationResponseError", error });
        });
    }

    test("is told that the person has said no", async () => {
        const config = await register();
        const person = await suite.newPerson();
        const asked = await ask(config);
        const answer = await person.deny(asked.url);
        const grant = client.authorizationCodeGrant(config, answer, asked.checks);
        await assert.rejects(grant, { name: "AuthorizationResponseError", error: "access_denied" });
    });

    test("signs in again without asking, once the person has consented", async () => {
        const config = await register();
        const person = await suite.newPerson();
        const scope = scopeOf(newDevice(), "openid");
        const first = await signIn(config, person, { scope });
        const asked = await ask(config, { scope, prompt: "none" });
        const answer = await person.follow(asked.url);
        const second = await client.authorizationCodeGrant(config, answer, asked.checks);
        assert.equal(second.claims().sub, first.claims().sub);
        const another = await ask(config, { prompt: "none" });
        const grant = client.authorizationCodeGrant(
            config,
            await person.follow(another.url),
            another.checks,
        );
        await assert.rejects(grant, { error: "consent_required" });
    });

    test("refreshes, the same pair for a lost reply", async () => {
        const config = await register();
        const tokens = await signIn(config, await suite.newPerson());
        const lost = await client.refreshTokenGrant(config, tokens.refresh_token);
        assert.notEqual(lost.refresh_token, tokens.refresh_token);
        assert.notEqual(lost.access_token, tokens.access_token);
        const again = await client.refreshTokenGrant(config, tokens.refresh_token);
        assert.equal(again.access_token, lost.access_token);
        assert.equal(again.refresh_token, lost.refresh_token);
        const next = await client.refreshTokenGrant(config, again.refresh_token);
        assert.equal((await whoami(suite.server.url, next.access_token)).status, 200);
    });

    test("cannot refresh another client's session", async () => {
        const tokens = await signIn(await register(), await suite.newPerson());
        const other = await register({ client_name: "Another App" });
        const refresh = client.refreshTokenGrant(other, tokens.refresh_token);
        await assert.rejects(refresh, { error: "invalid_grant" });
    });

    test("is told that a softly ended session can come back", async () => {
        const config = await register();
        const person = await suite.newPerson();
        const tokens = await signIn(config, person);
        await suite.server.command("user", "soft-logout", person.name);
        const refresh = client.refreshTokenGrant(config, tokens.refresh_token);
        await assert.rejects(refresh, (error) => {
            assert.equal(error.name, "ResponseBodyError");
            assert.equal(error.error, "invalid_grant");
            assert.equal(error.cause.errcode, "M_UNKNOWN_TOKEN");
            assert.equal(error.cause.soft_logout, true);
            return true;
        });
    });

    for (const type of ["access_token", "refresh_token"]) {
        test(`revokes by the ${type}, which ends both`, async () => {
            const config = await register();
            const tokens = await signIn(config, await suite.newPerson());
            await client.tokenRevocation(config, tokens[type], { token_type_hint: type });
            const who = await whoami(suite.server.url, tokens.access_token);
            assert.equal(who.status, 401);
            assert.equal(who.soft_logout, false);
            const refresh = client.refreshTokenGrant(config, tokens.refresh_token);
            await assert.rejects(refresh, { error: "invalid_grant" });
            const user = client.fetchUserInfo(config, tokens.access_token, client.skipSubjectCheck);
            await assert.rejects(user, (error) => {
                assert.equal(error.name, "WWWAuthenticateChallengeError");
                return error.cause[0].parameters.error === "invalid_token";
            });
            await client.tokenRevocation(config, tokens[type]); // once more: it is revoked
        });
    }

    test("signs the person out of the browser, while its own session goes on", async () => {
        const back = "https://app.example/signed-out";
        const config = await register({ post_logout_redirect_uris: [back] });
        const person = await suite.newPerson();
        const tokens = await signIn(config, person);
        const url = client.buildEndSessionUrl(config, {
            id_token_hint: tokens.id_token,
            post_logout_redirect_uri: back,
            state: "st",
        });
        assert.equal((await person.signOut(url)).href, `${back}?state=st`);
        const asked = await ask(config, { prompt: "none" });
        assert.equal(told(await person.follow(asked.url)).get("error"), "login_required");
        await client.refreshTokenGrant(config, tokens.refresh_token);
    });

    test("signs a device in whose code the person types", async () => {
        const config = await register();
        const person = await suite.newPerson();
        const device = newDevice();
        const scope = scopeOf(device, "openid profile");
        const begun = await client.initiateDeviceAuthorization(config, { scope });
        const polling = client.pollDeviceAuthorizationGrant(config, begun);
        const typed = begun.user_code.toLowerCase().replace("-", " ");
        await person.enterCode(begun.verification_uri, typed, "allow");
        const tokens = await polling;
        assert.equal(tokens.claims().preferred_username, person.name);
        const who = await whoami(suite.server.url, tokens.access_token);
        assert.equal(who.device_id, device);
        await client.refreshTokenGrant(config, tokens.refresh_token);
    });

    test("is told that the person has said no to a device", async () => {
        const config = await register();
        const person = await suite.newPerson();
        const scope = scopeOf(newDevice());
        const begun = await client.initiateDeviceAuthorization(config, { scope });
        await person.openCode(begun.verification_uri_complete, "deny");
        const polling = client.pollDeviceAuthorizationGrant(config, { ...begun, interval: 0 });
        await assert.rejects(polling, { name: "ResponseBodyError", error: "access_denied" });
    });
});
