// Two people on matrix-js-sdk with its rust crypto, whose keys lie in an IndexedDB as in a browser: an
// encrypted room, the end of the session by policy, and the same device again. Run by
// tests/e2e/synapse/test_soft_logout.py, which has the servers: URL, PEOPLE, and it moves the clock
// when it reads "end the sessions".
import "fake-indexeddb/auto";

import assert from "node:assert/strict";
import { once } from "node:events";
import { createInterface } from "node:readline";

import * as sdk from "matrix-js-sdk";

import { silent } from "../support/app.js";
import { until } from "../support/latchkey.js";

const { URL: url, PEOPLE } = process.env;
const lines = createInterface({ input: process.stdin });

// What an application keeps between two starts: the device's ID, and its keys in `prefix`.
class App {
    constructor({ name, password }, deviceId) {
        Object.assign(this, { name, password, deviceId, prefix: `${name}-${deviceId}` });
    }

    async register() {
        const answer = await fetch(`${url}/_matrix/client/v3/register`, {
            method: "POST",
            body: JSON.stringify({
                username: this.name,
                password: this.password,
                inhibit_login: true,
                auth: { type: "m.login.dummy" },
            }),
        });
        assert.equal(answer.status, 200, await answer.text());
    }

    // With a client of its own, and the keys that are there.
    async signIn() {
        this.client?.stopClient();
        const answer = await sdk.createClient({ baseUrl: url, logger: silent }).loginRequest({
            type: "m.login.password",
            identifier: { type: "m.id.user", user: this.name },
            password: this.password,
            device_id: this.deviceId,
        });
        assert.equal(answer.device_id, this.deviceId);
        this.told = null;
        this.client = sdk.createClient({
            baseUrl: url,
            logger: silent,
            userId: answer.user_id,
            deviceId: this.deviceId,
            accessToken: answer.access_token,
            cryptoCallbacks: {},
        });
        this.client.on(sdk.HttpApiEvent.SessionLoggedOut, ({ errcode, data }) => {
            this.told = { errcode, soft_logout: data.soft_logout };
        });
        await this.client.initRustCrypto({ cryptoDatabasePrefix: this.prefix });
        // Short, for a request that waits was judged when it came.
        await this.client.startClient({ initialSyncLimit: 50, pollTimeout: 1000 });
        await until(() => this.client.isInitialSyncComplete(), "the first sync", 60);
    }

    async keys() {
        return this.client.getCrypto().getOwnDeviceKeys();
    }

    // The messages of the room that it can read, the oldest first.
    texts(room) {
        const events = this.client.getRoom(room)?.getLiveTimeline().getEvents() ?? [];
        return events
            .filter((event) => event.getType() === "m.room.message" && event.isEncrypted())
            .map((event) => event.getContent().body);
    }

    async reads(room, expected) {
        const same = () => JSON.stringify(this.texts(room)) === JSON.stringify(expected);
        await until(same, `${this.prefix} to read ${expected}`, 60).catch((error) => {
            throw new Error(`${error.message}: it reads ${this.texts(room)}`);
        });
    }

    say(room, body) {
        return this.client.sendMessage(room, { msgtype: "m.text", body });
    }
}

const [alice, bob] = JSON.parse(PEOPLE);
const phone = new App(alice, "PHONE");
const laptop = new App(alice, "LAPTOP");
const bobs = new App(bob, "PHONE");
await phone.register();
await bobs.register();
for (const app of [phone, laptop, bobs]) await app.signIn();

const { room_id: room } = await phone.client.createRoom({
    invite: [bobs.client.getUserId()],
    initial_state: [
        {
            type: "m.room.encryption",
            state_key: "",
            content: { algorithm: "m.megolm.v1.aes-sha2" },
        },
    ],
});
await until(() => bobs.client.getRoom(room), "the invitation", 60);
await bobs.client.joinRoom(room);
const joined = ({ client }) => client.getRoom(room)?.getJoinedMemberCount() === 2;
for (const app of [phone, laptop, bobs]) await until(() => joined(app), "both in the room", 60);

await bobs.say(room, "before");
for (const app of [phone, laptop]) await app.reads(room, ["before"]);
const keys = await phone.keys();

console.log("end the sessions");
await once(lines, "line");
// Its own request, that was waiting or is the next, is /sync.
const soft = { errcode: "M_UNKNOWN_TOKEN", soft_logout: true };
for (const app of [phone, laptop, bobs]) {
    await until(() => app.told, `${app.prefix} to be told`, 60);
    assert.deepEqual(app.told, soft);
}

// Somebody is back first, and writes to the keys that are still published.
await bobs.signIn();
await bobs.reads(room, ["before"]);
await bobs.say(room, "while she was away");
await phone.signIn();
assert.deepEqual(await phone.keys(), keys);
await phone.reads(room, ["before", "while she was away"]);
await phone.say(room, "after");
await laptop.signIn();
for (const app of [phone, laptop, bobs]) {
    await app.reads(room, ["before", "while she was away", "after"]);
}
console.log("all of it was read");
for (const app of [phone, laptop, bobs]) app.client.stopClient();
process.exit(0);
