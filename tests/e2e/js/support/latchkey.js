// One Latchkey under test: the real binary with a folder, a database and a port of its own.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

const repository = resolve(import.meta.dirname, "../../../..");
const binary = resolve(process.env.LATCHKEY_BINARY ?? join(repository, "build/release/latchkey"));

// Asks until `condition` gives something true; that is the result. Fails after `seconds`.
export async function until(condition, what, seconds = 15) {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
        const value = await condition();
        if (value) return value;
        if (Date.now() > deadline) throw new Error(`waited ${seconds} s in vain for ${what}`);
        await pause(10);
    }
}

async function freePort() {
    const probe = createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    const { port } = probe.address();
    probe.close();
    await once(probe, "close");
    return port;
}

// JSON is YAML: the configuration is written as JSON.
function configuration(folder, port, options) {
    return {
        server_name: "example.com",
        public_url: `http://127.0.0.1:${port}/`,
        listen: [`127.0.0.1:${port}`],
        database: `sqlite://${join(folder, "latchkey.db")}`,
        rate_limits: { enabled: false },
        passwords: { hash_memory: "64KiB", hash_passes: 1 },
        ...options,
        registration: { open: true, ...options.registration },
    };
}

export class Latchkey {
    // Starts a server with these options and waits until it answers. `files`: what lies beside its
    // configuration, by name; JSON, as that is YAML.
    static async start(options = {}, files = {}) {
        const folder = await mkdtemp(join(tmpdir(), "latchkey-e2e-"));
        const port = await freePort();
        const server = new Latchkey();
        server.folder = folder;
        server.port = port;
        server.url = `http://127.0.0.1:${port}`;
        server.config = join(folder, "latchkey.yaml");
        for (const [name, content] of Object.entries(files)) {
            await writeFile(join(folder, name), JSON.stringify(content));
        }
        await writeFile(server.config, JSON.stringify(configuration(folder, port, options)));
        server.process = spawn(binary, ["serve", "--config", server.config], {
            cwd: folder,
            stdio: ["ignore", "ignore", "pipe"],
        });
        server.log = "";
        server.process.stderr.on("data", (bytes) => (server.log += bytes));
        await until(() => server.#healthy(), `${binary} to answer`);
        return server;
    }

    async #healthy() {
        if (this.process.exitCode !== null) throw new Error(`the server ended:\n${this.log}`);
        return fetch(`${this.url}/health`).then((answer) => answer.ok, () => false);
    }

    // SIGTERM; the server must end with 0.
    async stop() {
        const ended = once(this.process, "exit");
        this.process.kill("SIGTERM");
        const [code] = await ended;
        await rm(this.folder, { recursive: true });
        if (code !== 0) throw new Error(`exit code ${code}:\n${this.log}`);
    }

    // Runs one command, for example command("user", "lock", "alice"), and returns its JSON.
    async command(...words) {
        const all = [...words, "--config", this.config, "--json"];
        const { stdout } = await promisify(execFile)(binary, all, { timeout: 30_000 });
        return stdout ? JSON.parse(stdout) : {};
    }
}
