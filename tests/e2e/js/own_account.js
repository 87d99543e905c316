// What people do to their own account, after they have confirmed who they are.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { withServer } from "./support/suite.js";

// Declares the tests for the SDK of this process.
export function ownAccountTests(sdk, name) {
    describe(`${name}: one's own devices`, () => {
        const suite = withServer(sdk);

        const ids = async (app) =>
            (await app.client.getDevices()).devices.map((device) => device.device_id).sort();

        test("lists and renames them", async (t) => {
            const app = await suite.newApp(t);
            const other = await app.another(t);
            assert.deepEqual(await ids(app), [app.deviceId, other.deviceId].sort());

            await app.client.setDeviceDetails(other.deviceId, { display_name: "Phone" });
            const device = await other.client.getDevice(other.deviceId);
            assert.equal(device.display_name, "Phone");
            assert.equal(device.last_seen_ip, "127.0.0.1");
            assert.ok(Math.abs(device.last_seen_ts - Date.now()) < 60_000);
        });

        test("deletes one, whose client wipes", async (t) => {
            const app = await suite.newApp(t);
            const other = await app.another(t);
            await app.confirmed((client, auth) => client.deleteDevice(other.deviceId, auth));
            assert.deepEqual(await ids(app), [app.deviceId]);
            await other.refusal();
            assert.equal(other.signedOut, "hard");
            assert.equal(other.keys, null);
            assert.equal(app.signedOut, null);
        });

        test("may correct a wrong password, and loses nothing by it", async (t) => {
            const app = await suite.newApp(t);
            const other = await app.another(t);
            const errors = [];
            await app.confirmed(
                (client, auth) => client.deleteDevice(other.deviceId, auth),
                (errcode) => {
                    errors.push(errcode);
                    return errcode ? app.password : "not this one";
                },
            );
            assert.deepEqual(errors, [undefined, "M_FORBIDDEN"]);
            assert.equal(app.signedOut, null);
            assert.deepEqual(await ids(app), [app.deviceId]);
        });

        test("deletes several at once", async (t) => {
            const app = await suite.newApp(t);
            const others = [await app.another(t), await app.another(t)];
            const kept = await app.another(t);
            await app.confirmed((client, auth) =>
                client.deleteMultipleDevices(
                    others.map((other) => other.deviceId),
                    auth,
                ),
            );
            assert.deepEqual(await ids(app), [app.deviceId, kept.deviceId].sort());
            for (const other of others) {
                await other.refusal();
                assert.equal(other.signedOut, "hard");
            }
            assert.equal((await kept.whoami()).device_id, kept.deviceId);
        });
    });

    describe(`${name}: a new password`, () => {
        const suite = withServer(sdk);

        for (const logoutDevices of [false, true, undefined]) {
            test(`with logout_devices ${logoutDevices}`, async (t) => {
                const app = await suite.newApp(t);
                const other = await app.another(t);
                const { deviceId, keys } = app;
                const password = `another ${app.password}`;
                await app.confirmed((client, auth) =>
                    client.setPassword(auth, password, logoutDevices),
                );

                // The client that changed it goes on, and can still refresh.
                assert.equal((await app.whoami()).device_id, deviceId);
                await app.refreshByHand();
                assert.equal((await app.whoami()).device_id, deviceId);
                assert.equal(app.keys, keys);

                if (logoutDevices === false) {
                    assert.equal((await other.whoami()).device_id, other.deviceId);
                    await other.refreshByHand();
                    assert.equal((await other.whoami()).device_id, other.deviceId);
                } else {
                    const error = await other.refusal();
                    assert.equal(error.data.soft_logout, false);
                    assert.equal(other.signedOut, "hard");
                    assert.equal(other.keys, null);
                }

                assert.equal((await app.refusal(() => app.another(t))).errcode, "M_FORBIDDEN");
                app.password = password;
                assert.equal((await app.another(t)).userId, app.userId);
            });
        }

        test("that is too weak is refused before anything is asked", async (t) => {
            const app = await suite.newApp(t);
            const weak = (client, auth) => client.setPassword(auth, "password", false);
            const error = await app.refusal(() =>
                app.confirmed(weak, () => assert.fail("the password was asked for")),
            );
            assert.equal(error.httpStatus, 400);
            assert.equal(error.errcode, "M_WEAK_PASSWORD");
        });
    });

    describe(`${name}: deactivation`, () => {
        const suite = withServer(sdk);

        for (const erase of [false, true]) {
            test(`with erase ${erase}`, async (t) => {
                const app = await suite.newApp(t);
                const other = await app.another(t);
                const answer = await app.confirmed((client, auth) =>
                    client.deactivateAccount(auth, erase),
                );
                assert.deepEqual(answer, { id_server_unbind_result: "success" });

                for (const one of [app, other]) {
                    await one.refusal();
                    assert.equal(one.signedOut, "hard");
                    assert.equal(one.keys, null);
                }
                const error = await app.refusal(() => app.signIn());
                assert.equal(error.httpStatus, 403);
                assert.equal(error.errcode, erase ? "M_FORBIDDEN" : "M_USER_DEACTIVATED");
                assert.equal(await app.anonymous().isUsernameAvailable(app.name), false);
            });
        }
    });
}
