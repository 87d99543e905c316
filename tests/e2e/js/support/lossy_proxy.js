// A network that loses what a test says it loses, and a proxy that says its server is away. One
// request per connection, so that a reply is lost only once the server has done its work. It
// remembers what the server answered.
import { once } from "node:events";
import { createServer, request } from "node:http";

export const fates = {
    loseRequest: "lose the request", // the server never hears of it
    loseReply: "lose the reply", // the server has answered; the client sees a closed connection
    busy: "busy", // 503 as a proxy says it, with a page
    serverBusy: "server busy", // 503 in Latchkey's words (test_continuity_oauth.py)
};

export class LossyProxy {
    #planned = [];
    exchanges = []; // path, status, and sent(...texts): whether the request held one of them

    // Listens at once, so that its address can be the server's public one; `port`: the server's.
    static async start() {
        const proxy = new LossyProxy();
        proxy.listener = createServer((asked, answer) => proxy.#serve(asked, answer));
        proxy.listener.listen(0, "127.0.0.1");
        await once(proxy.listener, "listening");
        proxy.url = `http://127.0.0.1:${proxy.listener.address().port}`;
        return proxy;
    }

    async stop() {
        this.listener.closeAllConnections();
        this.listener.close();
        await once(this.listener, "close");
    }

    // The next POST to this path that holds this text meets the fate.
    plan(fate, path, text) {
        this.#planned.push({ fate, path, text });
    }

    #fateOf(path, body) {
        const fits = (plan) => plan.path === path && body.includes(plan.text);
        const index = this.#planned.findIndex(fits);
        return index < 0 ? undefined : this.#planned.splice(index, 1)[0].fate;
    }

    async #serve(asked, answer) {
        const body = await all(asked);
        const fate = this.#fateOf(asked.url, body);
        if (fate === fates.loseRequest) return asked.socket.destroy();
        if (fate === fates.busy) {
            answer.writeHead(503, { "Content-Type": "text/html", Connection: "close" });
            return answer.end("<h1>503 Service Temporarily Unavailable</h1>");
        }
        if (fate === fates.serverBusy) {
            answer.writeHead(503, { "Content-Type": "application/json", Connection: "close" });
            return answer.end(JSON.stringify({ error_description: "Try again in a moment." }));
        }
        const { method, url: path, headers } = asked;
        const options = { host: "127.0.0.1", port: this.port, method, path, agent: false };
        const onward = request({ ...options, headers: { ...headers, connection: "close" } });
        onward.end(body);
        onward.on("error", () => asked.socket.destroy());
        const [said] = await once(onward, "response");
        const text = await all(said);
        const asking = `${headers.authorization} ${body}`;
        const sent = (...texts) => texts.some((one) => asking.includes(one));
        this.exchanges.push({ path, status: said.statusCode, sent });
        if (fate === fates.loseReply) return asked.socket.destroy();
        answer.writeHead(said.statusCode, said.headers);
        answer.end(text);
    }
}

async function all(stream) {
    const parts = [];
    for await (const part of stream) parts.push(part);
    return Buffer.concat(parts);
}
