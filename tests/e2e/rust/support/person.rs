//! A person at a browser without scripts, who lets an app in; and their other apps.

use std::collections::BTreeMap;

use matrix_sdk::reqwest::{self, header};
use serde_json::{Value, json};
use url::Url;

use crate::Server;

pub struct Person {
    pub name: String,
    pub password: String,
}

impl Person {
    pub fn new(name: &str, password: &str) -> Self {
        Self { name: name.to_owned(), password: password.to_owned() }
    }

    fn proof(&self) -> Value {
        json!({
            "type": "m.login.password",
            "identifier": { "type": "m.id.user", "user": self.name },
            "password": self.password,
        })
    }

    /// Signs in with another app by the legacy API, as this device or a new one. Its access token.
    pub async fn signs_in_elsewhere(&self, server: &Server, device: Option<&str>) -> String {
        let mut body = self.proof();
        if let Some(device) = device {
            body["device_id"] = device.into();
        }
        let answer = server.post("/login", None, body).await;
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    pub async fn signs_out_everywhere(&self, server: &Server) {
        let token = self.signs_in_elsewhere(server, None).await;
        server.post("/logout/all", Some(&token), json!({})).await;
    }

    pub async fn changes_the_password(&self, server: &Server) {
        let token = self.signs_in_elsewhere(server, None).await;
        let body = json!({ "auth": self.proof(), "new_password": "a new one nobody guesses" });
        server.post("/account/password", Some(&token), body).await;
    }

    /// Signs in on the page to which an app sent the browser and says yes. The way back.
    pub async fn allows(&self, server: &Server, asked: Url) -> Url {
        let mut browser = Browser { http: server.http(), cookies: BTreeMap::new() };
        let typed = [("user", self.name.as_str()), ("password", self.password.as_str())];
        let page = browser.open(asked).await.here();
        let page = browser.submit(&page, &typed).await.here();
        match browser.submit(&page, &[("decision", "allow")]).await {
            Shown::Away(back) => back,
            Shown::Page(page) => panic!("no answer to the app: {}", page.html),
        }
    }
}

struct Page {
    url: Url,
    html: String,
}

enum Shown {
    Page(Page),
    /// A redirect away from the server.
    Away(Url),
}

impl Shown {
    fn here(self) -> Page {
        match self {
            Self::Page(page) => page,
            Self::Away(url) => panic!("led away to {url}"),
        }
    }
}

struct Browser {
    http: reqwest::Client,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    async fn open(&mut self, url: Url) -> Shown {
        let request = self.http.get(url.clone());
        self.follow(url, request).await
    }

    /// Fills in and sends the form that has these fields or buttons.
    async fn submit(&mut self, page: &Page, filled: &[(&str, &str)]) -> Shown {
        let form = form_with(&page.html, filled);
        let (tag, inside) = form.split_once('>').expect("a form");
        let mut fields = url::form_urlencoded::Serializer::new(String::new());
        fields.extend_pairs(filled);
        for input in inside.split("<input ").skip(1) {
            let input = input.split('>').next().unwrap_or_default();
            if attribute(input, "type").as_deref() == Some("hidden") {
                let name = attribute(input, "name").expect("a name");
                fields.append_pair(&name, &attribute(input, "value").unwrap_or_default());
            }
        }
        let action = attribute(tag, "action").unwrap_or_default();
        let url = page.url.join(&action).expect("an address");
        let request = self
            .http
            .post(url.clone())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(fields.finish());
        self.follow(url, request).await
    }

    async fn follow(&mut self, mut url: Url, mut request: reqwest::RequestBuilder) -> Shown {
        loop {
            let cookies: Vec<_> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let answer =
                request.header(header::COOKIE, cookies.join("; ")).send().await.expect("an answer");
            for set in answer.headers().get_all(header::SET_COOKIE) {
                let set = set.to_str().expect("text").split(';').next().unwrap_or_default();
                let (name, value) = set.split_once('=').expect("a cookie");
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
            let Some(location) = answer.headers().get(header::LOCATION) else {
                let html = answer.text().await.expect("a page");
                return Shown::Page(Page { url, html });
            };
            let target = url.join(location.to_str().expect("text")).expect("an address");
            if target.origin() != url.origin() {
                return Shown::Away(target);
            }
            request = self.http.get(target.clone());
            url = target;
        }
    }
}

fn form_with<'a>(html: &'a str, fields: &[(&str, &str)]) -> &'a str {
    html.split("<form")
        .skip(1)
        .map(|form| form.split("</form>").next().unwrap_or_default())
        .find(|form| fields.iter().all(|(name, _)| form.contains(&format!(" name=\"{name}\""))))
        .unwrap_or_else(|| panic!("no form with {fields:?}: {html}"))
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    Some(
        value
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&amp;", "&"),
    )
}
