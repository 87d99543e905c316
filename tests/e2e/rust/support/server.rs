//! One Latchkey under test: the real binary with a folder, a database and a port of its own, and
//! TLS before it, for the SDK takes OAuth 2.0 by https alone.

use std::{
    env,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use matrix_sdk::reqwest;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Person, tls::Tls};

pub struct Server {
    /// What everybody asks.
    pub url: String,
    tls: Tls,
    folder: TempDir,
    process: Child,
}

impl Server {
    /// With these options of the group `sessions`.
    pub async fn start(sessions: Value) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let port = free_port();
        let tls = Tls::start(port).await;
        let url = format!("https://127.0.0.1:{}", tls.port);
        // JSON is YAML.
        let configuration = json!({
            "server_name": "example.com",
            "public_url": format!("{url}/"),
            "listen": [format!("127.0.0.1:{port}")],
            "database": format!("sqlite://{}", folder.path().join("latchkey.db").display()),
            "rate_limits": { "enabled": false },
            "passwords": { "hash_memory": "64KiB", "hash_passes": 1 },
            "registration": { "open": true },
            "sessions": sessions,
        });
        let file = folder.path().join("latchkey.yaml");
        std::fs::write(&file, configuration.to_string()).expect("the configuration");
        let log = std::fs::File::create(folder.path().join("log")).expect("the log");
        let process = Command::new(binary())
            .args(["serve", "--config"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("a built latchkey; LATCHKEY_BINARY names it");
        let server = Self { url, tls, folder, process };
        until("the server to answer", async || {
            let answer = server.http().get(format!("{}/health", server.url)).send().await;
            answer.is_ok_and(|answer| answer.status().is_success())
        })
        .await;
        server
    }

    /// A client of plain HTTP that trusts this server and follows no redirect.
    pub fn http(&self) -> reqwest::Client {
        reqwest::Client::builder()
            .tls_certs_only([self.certificate()])
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client")
    }

    pub fn certificate(&self) -> reqwest::Certificate {
        reqwest::Certificate::from_der(&self.tls.authority).expect("a certificate")
    }

    /// Posts to a path of the Client-Server API. The answer has to be good.
    pub async fn post(&self, path: &str, token: Option<&str>, body: Value) -> Value {
        let url = format!("{}/_matrix/client/v3{path}", self.url);
        let mut request = self.http().post(url).body(body.to_string());
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).expect("JSON")
    }

    /// Whether this access token is refused. No app hears of it.
    pub async fn refuses(&self, token: &str) -> bool {
        let url = format!("{}/_matrix/client/v3/account/whoami", self.url);
        let answer = self.http().get(url).bearer_auth(token).send().await.expect("an answer");
        answer.status() == reqwest::StatusCode::UNAUTHORIZED
    }

    /// Somebody with a new account.
    pub async fn new_person(&self) -> Person {
        let person = Person::new("alice", "a password nobody guesses");
        let auth = json!({ "type": "m.login.dummy" });
        let body = json!({
            "username": person.name,
            "password": person.password,
            "inhibit_login": true,
            "auth": auth,
        });
        self.post("/register", None, body).await;
        person
    }

    /// Runs one command, for example `user lock alice`.
    pub fn command(&self, words: &[&str]) {
        let file = self.folder.path().join("latchkey.yaml");
        let done = Command::new(binary())
            .args(words)
            .arg("--config")
            .arg(file)
            .output()
            .expect("a built latchkey");
        assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("log"));
            eprintln!("the server's log:\n{}", log.unwrap_or_default());
        }
    }
}

/// Asks until the condition holds.
pub async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !condition().await {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn binary() -> PathBuf {
    let built = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../build/release/latchkey");
    env::var_os("LATCHKEY_BINARY").map_or_else(|| built.into(), PathBuf::from)
}

fn free_port() -> u16 {
    let probe = TcpListener::bind("127.0.0.1:0").expect("a port");
    probe.local_addr().expect("an address").port()
}
