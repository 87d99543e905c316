// oauth4webapi: the protocol message by message, with nothing smoothed over. What a client does
// with a whole sign-in is in openid_client.test.js.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

import * as oauth from "oauth4webapi";

import {
    callback,
    newDevice,
    registration,
    scopeOf,
    told,
    whoami,
} from "./support/oauth_client.js";
import { withServer } from "./support/suite.js";

const plain = { [oauth.allowInsecureRequests]: true };
const none = oauth.None();

describe("oauth4webapi", { concurrency: true }, () => {
    const suite = withServer();
    let server; // its metadata
    let client;

    before(async () => {
        const issuer = new URL(suite.server.url);
        const found = await oauth.discoveryRequest(issuer, { ...plain, algorithm: "oauth2" });
        server = await oauth.processDiscoveryResponse(issuer, found);
        const asked = await oauth.dynamicClientRegistrationRequest(server, registration(), plain);
        assert.equal(asked.status, 201);
        client = await oauth.processDynamicClientRegistrationResponse(asked);
    });

    async function ask(fields = {}) {
        const verifier = oauth.generateRandomCodeVerifier();
        const url = new URL(server.authorization_endpoint);
        url.search = new URLSearchParams({
            client_id: client.client_id,
            redirect_uri: callback,
            response_type: "code",
            scope: scopeOf(newDevice(), "openid"),
            code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
            code_challenge_method: "S256",
            ...fields,
        });
        return { url, verifier };
    }

    function redeem(answer, verifier) {
        const args = [server, client, none, answer, callback, verifier, plain];
        return oauth.authorizationCodeGrantRequest(...args);
    }

    // The tokens of the whole code flow.
    async function signIn(person) {
        const state = oauth.generateRandomState();
        const { url, verifier } = await ask({ state });
        const way = await person.allow(url);
        const answer = oauth.validateAuthResponse(server, client, way, state);
        const response = await redeem(answer, verifier);
        return oauth.processAuthorizationCodeResponse(server, client, response);
    }

    async function refresh(token) {
        const response = await oauth.refreshTokenGrantRequest(server, client, none, token, plain);
        return oauth.processRefreshTokenResponse(server, client, response);
    }

    for (const mode of ["query", "fragment"]) {
        test(`a code, answered in the ${mode}, gives what the standards say`, async () => {
            const person = await suite.newPerson();
            const state = oauth.generateRandomState();
            const nonce = oauth.generateRandomNonce();
            const { url, verifier } = await ask({ state, nonce, response_mode: mode });
            const way = told(await person.allow(url));
            const answer = oauth.validateAuthResponse(server, client, way, state);
            assert.equal(answer.get("iss"), server.issuer);
            const response = await redeem(answer, verifier);
            assert.equal(response.headers.get("cache-control"), "no-store");
            const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
                expectedNonce: nonce,
                maxAge: 60,
                requireIdToken: true,
            });
            await oauth.validateApplicationLevelSignature(server, response, plain);
            const claims = oauth.getValidatedIdTokenClaims(tokens);
            assert.equal(claims.nonce, nonce);
            const asked = await oauth.userInfoRequest(server, client, tokens.access_token, plain);
            const user = await oauth.processUserInfoResponse(server, client, claims.sub, asked);
            assert.equal(user.sub, claims.sub);
        });
    }

    test("an answer of another server is refused (mix-up, RFC 9207)", async () => {
        const person = await suite.newPerson();
        const { url } = await ask();
        const way = told(await person.allow(url));
        const validate = (parameters, by = server) =>
            oauth.validateAuthResponse(by, client, parameters, oauth.expectNoState);
        validate(way);
        const honest = { ...server, issuer: "https://honest.example/" };
        assert.throws(() => validate(way, honest), { code: oauth.INVALID_RESPONSE });
        const forged = new URLSearchParams(way);
        forged.set("iss", "https://attacker.example/");
        assert.throws(() => validate(forged), { code: oauth.INVALID_RESPONSE });
        const silent = new URLSearchParams(way);
        silent.delete("iss");
        assert.throws(() => validate(silent), { code: oauth.INVALID_RESPONSE });
    });

    test("an error has the issuer and the state too", async () => {
        const person = await suite.newPerson();
        const state = oauth.generateRandomState();
        const { url } = await ask({ state, prompt: "none" });
        const way = await person.follow(url);
        assert.equal(way.searchParams.get("iss"), server.issuer);
        assert.throws(() => oauth.validateAuthResponse(server, client, way, state), {
            name: "AuthorizationResponseError",
            error: "login_required",
        });
    });

    test("a code needs its verifier", async () => {
        const person = await suite.newPerson();
        const { url } = await ask();
        const way = await person.allow(url);
        const answer = oauth.validateAuthResponse(server, client, way, oauth.expectNoState);
        for (const [verifier, error] of [
            [oauth.generateRandomCodeVerifier(), "invalid_grant"],
            [oauth.nopkce, "invalid_request"],
        ]) {
            const response = await redeem(answer, verifier);
            assert.equal(response.status, 400);
            const process = oauth.processAuthorizationCodeResponse(server, client, response);
            await assert.rejects(process, { name: "ResponseBodyError", error });
        }
    });

    test("a refresh token again gives the same pair", async () => {
        const tokens = await signIn(await suite.newPerson());
        const lost = await refresh(tokens.refresh_token);
        const again = await refresh(tokens.refresh_token);
        assert.notEqual(lost.refresh_token, tokens.refresh_token);
        assert.equal(again.access_token, lost.access_token);
        assert.equal(again.refresh_token, lost.refresh_token);
        assert.equal((await whoami(suite.server.url, again.access_token)).status, 200);
    });

    for (const type of ["access_token", "refresh_token"]) {
        test(`revoking the ${type} ends the session`, async () => {
            const tokens = await signIn(await suite.newPerson());
            const asked = [server, client, none, tokens[type], plain];
            await oauth.processRevocationResponse(await oauth.revocationRequest(...asked));
            const who = await whoami(suite.server.url, tokens.access_token);
            assert.equal(who.status, 401);
            assert.equal(who.soft_logout, false);
            await assert.rejects(refresh(tokens.refresh_token), { error: "invalid_grant" });
        });
    }

    test("revoking what is no token succeeds (RFC 7009)", async () => {
        const asked = await oauth.revocationRequest(server, client, none, "no token", plain);
        await oauth.processRevocationResponse(asked);
    });

    test("introspection is not for everybody", async () => {
        const tokens = await signIn(await suite.newPerson());
        const asked = [server, client, none, tokens.access_token, plain];
        const response = await oauth.introspectionRequest(...asked);
        const process = oauth.processIntrospectionResponse(server, client, response);
        await assert.rejects(process, { name: "WWWAuthenticateChallengeError", status: 401 });
    });

    test("a token without openid is no key to userinfo", async () => {
        const person = await suite.newPerson();
        const { url, verifier } = await ask({ scope: scopeOf(newDevice()) });
        const way = await person.allow(url);
        const answer = oauth.validateAuthResponse(server, client, way, oauth.expectNoState);
        const response = await redeem(answer, verifier);
        const tokens = await oauth.processAuthorizationCodeResponse(server, client, response);
        assert.equal(tokens.id_token, undefined);
        const asked = await oauth.userInfoRequest(server, client, tokens.access_token, plain);
        const sub = oauth.skipSubjectCheck;
        await assert.rejects(
            oauth.processUserInfoResponse(server, client, sub, asked),
            ({ status, cause }) =>
                status === 403 && cause[0].parameters.error === "insufficient_scope",
        );
    });

    async function beginDevice(scope = scopeOf(newDevice())) {
        const asked = [server, client, none, { scope }, plain];
        const response = await oauth.deviceAuthorizationRequest(...asked);
        return oauth.processDeviceAuthorizationResponse(server, client, response);
    }

    async function poll(begun) {
        const asked = [server, client, none, begun.device_code, plain];
        const response = await oauth.deviceCodeGrantRequest(...asked);
        return oauth.processDeviceCodeResponse(server, client, response);
    }

    test("a device gets its tokens once the person has said yes", async () => {
        const person = await suite.newPerson();
        const device = newDevice();
        const begun = await beginDevice(scopeOf(device));
        assert.equal(begun.interval, 5);
        assert.ok(begun.verification_uri_complete.startsWith(begun.verification_uri));
        await person.openCode(begun.verification_uri_complete, "allow");
        const tokens = await poll(begun);
        assert.equal(tokens.scope, scopeOf(device));
        const again = await poll(begun); // the answer was lost
        assert.equal(again.access_token, tokens.access_token);
        const who = await whoami(suite.server.url, tokens.access_token);
        assert.equal(who.device_id, device);
    });

    test("a device waits, and is slowed down when it cannot", async () => {
        const begun = await beginDevice();
        await assert.rejects(poll(begun), { error: "authorization_pending" });
        await assert.rejects(poll(begun), { error: "slow_down" });
    });

    test("a device is told that the person has said no", async () => {
        const person = await suite.newPerson();
        const begun = await beginDevice();
        await person.enterCode(begun.verification_uri, begun.user_code, "deny");
        await assert.rejects(poll(begun), { error: "access_denied" });
    });

    test("a device with a wrong scope is told at once", async () => {
        const begin = beginDevice("urn:matrix:client:api:*");
        await assert.rejects(begin, { name: "ResponseBodyError", error: "invalid_scope" });
    });
});
