//! An app on matrix-sdk with a store of its own, which holds the device's keys.

use matrix_sdk::{
    Client, RefreshTokenError, SessionChange,
    authentication::oauth::registration::{
        ApplicationType, ClientMetadata, Localized, OAuthGrantType,
    },
    config::RequestConfig,
    ruma::{OwnedDeviceId, serde::Raw},
};
use tempfile::TempDir;
use tokio::sync::broadcast::{Receiver, error::TryRecvError};
use url::Url;

use crate::{Person, Server};

/// How the app signed in.
#[derive(Clone, Copy, Debug)]
pub enum Api {
    /// The password, with refresh tokens.
    Legacy,
    /// The code flow.
    OAuth,
}

pub struct App {
    pub client: Client,
    pub device: OwnedDeviceId,
    /// The fingerprint of the device's keys.
    pub key: String,
    api: Api,
    store: TempDir,
    changes: Receiver<SessionChange>,
}

impl App {
    /// Signed in as a new device.
    pub async fn sign_in(server: &Server, person: &Person, api: Api) -> Self {
        let store = TempDir::new().expect("a temporary folder");
        Self::sign_in_with(server, person, api, store, None).await
    }

    /// Signed in again as the device that it was, with the store that it had.
    pub async fn sign_in_again(self, server: &Server, person: &Person) -> Self {
        drop(self.client);
        Self::sign_in_with(server, person, self.api, self.store, Some(self.device)).await
    }

    /// Started again, as after the person has closed it.
    pub async fn restart(self, server: &Server) -> Self {
        let session = self.client.session().expect("a session");
        drop(self.client);
        let client = open(server, &self.store).await;
        client.restore_session(session).await.expect("the session");
        Self::new(client, self.api, self.store).await
    }

    async fn sign_in_with(
        server: &Server,
        person: &Person,
        api: Api,
        store: TempDir,
        device: Option<OwnedDeviceId>,
    ) -> Self {
        let client = open(server, &store).await;
        match api {
            Api::Legacy => {
                let auth = client.matrix_auth();
                let mut login = auth.login_username(&person.name, &person.password);
                if let Some(device) = &device {
                    login = login.device_id(device.as_str());
                }
                login.request_refresh_token().send().await.expect("a session");
            }
            Api::OAuth => {
                let oauth = client.oauth();
                let asked = oauth
                    .login(redirect_uri(), device, Some(metadata().into()), None)
                    .build()
                    .await
                    .expect("the authorization request");
                let back = person.allows(server, asked.url).await;
                oauth.finish_login(back.into()).await.expect("a session");
            }
        }
        Self::new(client, api, store).await
    }

    async fn new(client: Client, api: Api, store: TempDir) -> Self {
        // What it asks in the background must not be what is refused later.
        client.encryption().wait_for_e2ee_initialization_tasks().await;
        let changes = client.subscribe_to_session_changes();
        let device = client.device_id().expect("a device").to_owned();
        let key = client.encryption().ed25519_key().await.expect("keys");
        Self { client, device, key, api, store, changes }
    }

    pub fn access_token(&self) -> String {
        self.client.session_tokens().expect("tokens").access_token
    }

    /// Makes a request as its device.
    pub async fn goes_on(&mut self) {
        let who = self.client.whoami().await.expect("an answer");
        assert_eq!(who.device_id.as_ref(), Some(&self.device));
        assert_eq!(self.told(), None);
    }

    /// How the SDK has told it, since it was asked last, that its session is over: `soft_logout`.
    pub fn told(&mut self) -> Option<bool> {
        loop {
            match self.changes.try_recv() {
                Ok(SessionChange::UnknownToken(how)) => return Some(how.soft_logout),
                Ok(SessionChange::TokensRefreshed) | Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => return None,
            }
        }
    }

    /// The refusal of a refresh that it makes by itself, with nothing refused before.
    pub async fn refused_refresh(&self) -> RefreshTokenError {
        self.client.refresh_access_token().await.expect_err("a refusal")
    }
}

async fn open(server: &Server, store: &TempDir) -> Client {
    Client::builder()
        .homeserver_url(&server.url)
        .sqlite_store(store.path(), None)
        .disable_built_in_root_certificates()
        .add_root_certificates(vec![server.certificate()])
        .handle_refresh_tokens()
        .request_config(RequestConfig::new().disable_retry())
        .build()
        .await
        .expect("a client")
}

fn redirect_uri() -> Url {
    Url::parse("http://127.0.0.1:8123/callback").expect("an address")
}

fn metadata() -> Raw<ClientMetadata> {
    let home = Url::parse("https://app.example/").expect("an address");
    let grants = vec![OAuthGrantType::AuthorizationCode { redirect_uris: vec![redirect_uri()] }];
    let metadata = ClientMetadata {
        client_name: Some(Localized::new("An app on matrix-sdk".to_owned(), [])),
        ..ClientMetadata::new(ApplicationType::Native, grants, Localized::new(home, []))
    };
    Raw::new(&metadata).expect("JSON")
}
