// A server for a suite, and people on it.
import { randomUUID } from "node:crypto";
import { after, before } from "node:test";

import { App } from "./app.js";
import { Person } from "./browser.js";
import { Latchkey } from "./latchkey.js";
import { LossyProxy } from "./lossy_proxy.js";

// To be called in a suite: its server, newApp(t) for a new person who has just registered, and
// newPerson() for one at a browser. `sdk`: of the apps, if there are any.
export function withServer(sdk, options = {}, files = {}) {
    const suite = { server: null };
    let number = 0;

    before(async () => (suite.server = await Latchkey.start(options, files)));
    after(() => suite.server.stop());

    // Nobody yet.
    suite.noApp = (t) => {
        const app = new App(sdk, suite.server.url);
        t.after(() => app.close());
        return app;
    };

    suite.newApp = async (t) => {
        const app = suite.noApp(t);
        await app.register(`user${++number}`);
        return app;
    };

    suite.newPerson = async () => {
        const { url } = suite.server;
        const person = new Person(url, `person${++number}`, `password ${randomUUID()}`);
        const answer = await fetch(`${url}/_matrix/client/v3/register`, {
            method: "POST",
            body: JSON.stringify({
                username: person.name,
                password: person.password,
                inhibit_login: true,
                auth: { type: "m.login.dummy" },
            }),
        });
        if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
        return person;
    };
    return suite;
}

// The same with a network between, suite.network, that loses what a test wants: everybody reaches
// the server through it.
export function behindLossyProxy(sdk, options = {}) {
    const addressed = { ...options };
    let network;
    before(async () => {
        network = await LossyProxy.start();
        addressed.public_url = `${network.url}/`;
    });
    const suite = withServer(sdk, addressed);
    before(() => {
        network.port = suite.server.port;
        suite.server.url = network.url;
        suite.network = network;
    });
    after(() => network.stop());
    return suite;
}
