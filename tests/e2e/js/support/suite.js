// A server for a suite, and people on it.
import { after, before } from "node:test";

import { App } from "./app.js";
import { Latchkey } from "./latchkey.js";

// To be called in a suite: its server, and newApp(t) for a new person who has just registered.
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
    return suite;
}
