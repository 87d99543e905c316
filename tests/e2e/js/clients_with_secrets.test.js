// openid-client and oauth4webapi as clients of the operator's file, which prove who they are.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import * as oauth from "oauth4webapi";
import * as client from "openid-client";

import { callback, newDevice, scopeOf } from "./support/oauth_client.js";
import { withServer } from "./support/suite.js";

// With characters that a header and a form encode.
const secret = "a+secret:of%the&operator";
const { publicKey, privateKey } = await oauth.generateKeyPair("ES256");
const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", publicKey);

const methods = {
    client_secret_basic: {
        registered: { client_secret: secret },
        auth: client.ClientSecretBasic(secret),
    },
    client_secret_post: {
        registered: { client_secret: secret },
        auth: client.ClientSecretPost(secret),
    },
    private_key_jwt: {
        registered: { jwks: { keys: [{ kty, crv, x, y, kid: "1" }] } },
        auth: client.PrivateKeyJwt({ key: privateKey, kid: "1" }),
    },
};
const clients = Object.entries(methods).map(([method, { registered }]) => ({
    client_id: method,
    redirect_uris: [callback],
    token_endpoint_auth_method: method,
    ...registered,
}));

const { publicKey: _, privateKey: foreignKey } = await oauth.generateKeyPair("ES256");
const wrong = {
    client_secret_basic: client.ClientSecretBasic("another secret of nobody"),
    client_secret_post: client.ClientSecretPost("another secret of nobody"),
    private_key_jwt: client.PrivateKeyJwt({ key: foreignKey, kid: "1" }),
};

const how = { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] };

describe("clients with a secret or a key", { concurrency: true }, () => {
    const files = { "clients.yaml": { clients } };
    const suite = withServer(undefined, { oauth: { clients_file: "clients.yaml" } }, files);

    function configured(method, auth) {
        return client.discovery(new URL(suite.server.url), method, {}, auth, how);
    }

    async function signIn(config, person) {
        const verifier = client.randomPKCECodeVerifier();
        const asked = client.buildAuthorizationUrl(config, {
            redirect_uri: callback,
            scope: scopeOf(newDevice(), "openid"),
            code_challenge: await client.calculatePKCECodeChallenge(verifier),
            code_challenge_method: "S256",
        });
        const answer = await person.allow(asked);
        return client.authorizationCodeGrant(config, answer, { pkceCodeVerifier: verifier });
    }

    for (const [method, { auth }] of Object.entries(methods)) {
        test(`${method}: signs in, refreshes, introspects and revokes`, async () => {
            const config = await configured(method, auth);
            const person = await suite.newPerson();
            const first = await signIn(config, person);
            const tokens = await client.refreshTokenGrant(config, first.refresh_token);
            const told = await client.tokenIntrospection(config, tokens.access_token);
            assert.equal(told.active, true);
            assert.equal(told.client_id, method);
            assert.equal(told.username, person.name);
            assert.equal(told.sub, first.claims().sub);
            assert.equal(told.scope, tokens.scope);
            await client.tokenRevocation(config, tokens.access_token);
            const after = await client.tokenIntrospection(config, tokens.access_token);
            assert.deepEqual(after, { active: false });
        });

        test(`${method}: is refused when it does not prove itself`, async () => {
            const config = await configured(method, auth);
            const tokens = await signIn(config, await suite.newPerson());
            const impostor = await configured(method, wrong[method]);
            for (const ask of [
                () => client.refreshTokenGrant(impostor, tokens.refresh_token),
                () => client.tokenIntrospection(impostor, tokens.access_token),
            ]) {
                await assert.rejects(ask, (error) => saysInvalidClient(error, method));
            }
            await client.refreshTokenGrant(config, tokens.refresh_token);
        });
    }

    // RFC 6749 section 5.2: 401, with the challenge of the header if the client has tried that.
    function saysInvalidClient(error, method) {
        assert.equal(error.status, 401);
        if (method !== "client_secret_basic") return true;
        return error.cause.some(({ scheme }) => scheme === "basic");
    }

    test("what is not its own is none of its business", async () => {
        const [mine, other] = Object.entries(methods);
        const owner = await configured(mine[0], mine[1].auth);
        const tokens = await signIn(owner, await suite.newPerson());
        const asker = await configured(other[0], other[1].auth);
        const told = await client.tokenIntrospection(asker, tokens.access_token);
        assert.deepEqual(told, { active: false });
    });

    test("a client without either may not introspect", async () => {
        const config = await configured("client_secret_post", client.None());
        await assert.rejects(client.tokenIntrospection(config, "lka_x"), { status: 401 });
    });
});
