// An app on matrix-js-sdk deletes another device of its person, who has no password: its
// InteractiveAuth leads them to a page in the browser (m.login.sso) and goes on when they are back.
// Run by tests/e2e/providers/test_confirming.py, which has the server and is the person: URL, TOKEN,
// USER, DEVICE to delete; it reads "open URL", and writes a line when the person is done.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createInterface } from "node:readline";

import * as sdk from "matrix-js-sdk";

import { silent } from "../support/app.js";

const { URL: baseUrl, TOKEN: accessToken, USER: userId, DEVICE: device } = process.env;
const lines = createInterface({ input: process.stdin });
const client = sdk.createClient({ baseUrl, accessToken, userId, logger: silent });

const asked = [];
const auth = new sdk.InteractiveAuth({
    matrixClient: client,
    supportedStages: ["m.login.sso"],
    doRequest: (given) => client.deleteDevice(device, given ?? undefined),
    requestEmailToken: async () => assert.fail("nothing is mailed"),
    stateUpdated: (stage) => asked.push(stage),
});
const done = auth.attemptAuth();
done.catch(() => {}); // it is awaited below
while (asked.length === 0) await new Promise(setImmediate);
assert.deepEqual(asked, ["m.login.sso"]);
console.log(`open ${client.getFallbackAuthUrl("m.login.sso", auth.getSessionId())}`);
await once(lines, "line");
// As apps do once the page has told them that it is done.
await auth.submitAuthDict({});
await done;
const { devices } = await client.getDevices();
assert.ok(!devices.some((one) => one.device_id === device));
process.exit(0);
