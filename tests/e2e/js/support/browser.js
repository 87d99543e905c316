// A person at a browser that runs no scripts: it keeps cookies, follows redirects on its server,
// and stops where one leads away.
export class Person {
    #cookies = new Map();

    constructor(url, name, password) {
        this.url = url;
        this.name = name;
        this.password = password;
    }

    // Where the app's authorization request leads after the person has said yes.
    async allow(authorizationUrl) {
        let page = await this.#open(authorizationUrl);
        if (page.path === "/account/sign-in") {
            page = await this.#submit(page, { user: this.name, password: this.password });
        }
        page = await this.#submit(page, { decision: "allow" });
        if (!page.away) throw new Error(`no answer to the app: ${page.status} ${page.html}`);
        return new URL(page.away);
    }

    async #submit(page, typed) {
        const [, attributes, inside] = page.html.match(/<form([^>]*)>([\s\S]*?)<\/form>/);
        const fields = new URLSearchParams(typed);
        for (const [input] of inside.matchAll(/<input type="hidden"[^>]*>/g)) {
            fields.set(attribute(input, "name"), attribute(input, "value"));
        }
        const action = attribute(attributes, "action") ?? "";
        return this.#open(new URL(action || page.url, page.url), { method: "POST", body: fields });
    }

    async #open(url, how = {}) {
        const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
        const answer = await fetch(url, { ...how, headers: { cookie }, redirect: "manual" });
        for (const set of answer.headers.getSetCookie()) {
            const [, name, value] = set.match(/^([^=]+)=([^;]*)/);
            this.#cookies.set(name, value);
        }
        const location = answer.headers.get("location");
        if (location) {
            const target = new URL(location, url);
            if (target.origin !== this.url) return { away: target.href };
            return this.#open(target);
        }
        return {
            url: String(url),
            path: new URL(url).pathname,
            status: answer.status,
            html: await answer.text(),
        };
    }
}

const entities = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" };

function attribute(tag, name) {
    const found = tag.match(new RegExp(`\\b${name}="([^"]*)"`));
    return found?.[1].replace(/&(amp|lt|gt|quot|#39);/g, (entity) => entities[entity]);
}
