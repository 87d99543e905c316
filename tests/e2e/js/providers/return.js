// An app on matrix-js-sdk whose person came by an identity provider is softly signed out, and shows
// them the one way back to their device (MSC3741).
// Run by tests/e2e/providers/test_sign_in.py, which has the server and is the person: URL, TOKEN,
// USER, DEVICE; it reads "open URL", and writes the login token with which that page came back.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createInterface } from "node:readline";

import * as sdk from "matrix-js-sdk";

import { silent } from "../support/app.js";

const { URL: baseUrl, TOKEN: accessToken, USER: userId, DEVICE: deviceId } = process.env;
const lines = createInterface({ input: process.stdin });
const client = sdk.createClient({ baseUrl, accessToken, userId, deviceId, logger: silent });

let loggedOut;
client.on(sdk.HttpApiEvent.SessionLoggedOut, (error) => (loggedOut = error));
await assert.rejects(client.whoami());
assert.equal(loggedOut.data.soft_logout, true);

const { flows } = await client.http.authedRequest("GET", "/login");
const sso = flows.find((flow) => flow.type === "m.login.sso");
assert.deepEqual(
    flows.map((flow) => flow.type),
    ["m.login.sso", "m.login.token"],
);
assert.deepEqual(sso.identity_providers, [{ id: "corp", name: "Corp" }]);
const [{ id }] = sso.identity_providers;
const back = "https://client.example/back";
console.log(`open ${client.getSsoLoginUrl(back, "sso", id, sdk.SSOAction.LOGIN)}`);
const [token] = await once(lines, "line");

const again = await sdk
    .createClient({ baseUrl, logger: silent })
    .loginRequest({ type: "m.login.token", token, device_id: deviceId });
assert.equal(again.user_id, userId);
assert.equal(again.device_id, deviceId);
const returned = sdk.createClient({ baseUrl, accessToken: again.access_token, logger: silent });
assert.equal((await returned.whoami()).device_id, deviceId);
process.exit(0);
