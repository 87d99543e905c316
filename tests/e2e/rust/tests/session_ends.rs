//! What the SDK tells an app when its session ends or its person is locked, and how it goes on.

use latchkey_matrix_sdk::{Api, App, Person, Server, until};
use matrix_sdk::{HttpError, RefreshTokenError, ruma::api::error::ErrorKind};
use serde_json::{Value, json};

/// What is refused first: a request, after which the SDK refreshes by itself, or a refresh that the
/// app makes.
#[derive(Clone, Copy, PartialEq)]
enum First {
    Request,
    Refresh,
}

struct Scene {
    server: Server,
    person: Person,
    app: App,
}

impl Scene {
    async fn begin(api: Api, sessions: Value) -> Self {
        let server = Server::start(sessions).await;
        let person = server.new_person().await;
        let app = App::sign_in(&server, &person, api).await;
        Self { server, person, app }
    }

    /// The app is told of the end by its next request, and not before.
    async fn is_told(&mut self, soft: bool, first: First) {
        if first == First::Refresh {
            let refusal = self.app.refused_refresh().await;
            assert_ended(&refusal);
            assert_eq!(self.app.told(), None);
        }
        self.app.client.whoami().await.expect_err("a refusal");
        assert_eq!(self.app.told(), Some(soft), "soft_logout");
    }

    /// The app signs in again, and is the device that it was.
    async fn comes_back(self) {
        let Self { server, person, app } = self;
        let (device, key) = (app.device.clone(), app.key.clone());
        let mut app = app.sign_in_again(&server, &person).await;
        assert_eq!((&app.device, &app.key), (&device, &key));
        app.goes_on().await;
    }
}

/// That the server refused a refresh for good, as the SDK understands it.
fn assert_ended(refusal: &RefreshTokenError) {
    let said = format!("{refusal:?}");
    assert!(said.contains("UnknownToken") || said.contains("invalid_grant"), "{said}");
}

fn never() -> Value {
    json!({})
}

async fn ended_by_an_operator(api: Api, first: First) {
    let mut scene = Scene::begin(api, never()).await;
    scene.server.command(&["user", "soft-logout", &scene.person.name]);
    scene.is_told(true, first).await;
    scene.comes_back().await;
}

async fn too_old(api: Api, first: First) {
    let mut scene = Scene::begin(api, json!({ "maximum_age": "20s" })).await;
    let token = scene.app.access_token();
    until("the session to be too old", || scene.server.refuses(&token)).await;
    scene.is_told(true, first).await;
    scene.comes_back().await;
}

async fn taken_over(api: Api, first: First) {
    let mut scene = Scene::begin(api, never()).await;
    let Scene { server, person, app } = &scene;
    person.signs_in_elsewhere(server, Some(app.device.as_str())).await;
    scene.is_told(true, first).await;
    scene.comes_back().await;
}

async fn signed_out_elsewhere(api: Api, first: First) {
    let mut scene = Scene::begin(api, never()).await;
    scene.person.signs_out_everywhere(&scene.server).await;
    scene.is_told(false, first).await;
}

async fn password_changed_elsewhere(api: Api, first: First) {
    let mut scene = Scene::begin(api, never()).await;
    scene.person.changes_the_password(&scene.server).await;
    scene.is_told(false, first).await;
}

async fn deactivated(api: Api, first: First) {
    let mut scene = Scene::begin(api, never()).await;
    scene.server.command(&["user", "deactivate", &scene.person.name]);
    scene.is_told(false, first).await;
}

/// The app is told nothing, waits, and works after the unlock with everything that it had, be it
/// closed in between or not.
async fn locked(api: Api, first: First) {
    let Scene { server, person, mut app } = Scene::begin(api, never()).await;
    server.command(&["user", "lock", &person.name]);
    for _ in 0..2 {
        if first == First::Refresh {
            app.refused_refresh().await;
        }
        let refusal = app.client.whoami().await.expect_err("a refusal");
        assert_locked(&refusal);
        assert_eq!(app.told(), None);
    }
    let key = app.key.clone();
    let mut app = app.restart(&server).await;
    assert_locked(&app.client.whoami().await.expect_err("a refusal"));
    assert_eq!(app.told(), None);
    server.command(&["user", "unlock", &person.name]);
    app.goes_on().await;
    app.client.refresh_access_token().await.expect("new tokens");
    app.goes_on().await;
    assert_eq!(app.key, key);
}

fn assert_locked(refusal: &HttpError) {
    let kind = refusal.client_api_error_kind();
    assert!(matches!(kind, Some(ErrorKind::UserLocked)), "{refusal:?}");
}

/// Expired access tokens are nobody's business but the SDK's.
async fn refreshes_by_itself(api: Api) {
    let lifetimes = json!({ "access_token_lifetime": "2s", "refresh_grace": "1s" });
    let mut scene = Scene::begin(api, lifetimes).await;
    for _ in 0..2 {
        let token = scene.app.access_token();
        until("the expiry", || scene.server.refuses(&token)).await;
        scene.app.goes_on().await;
        assert_ne!(scene.app.access_token(), token);
    }
    // It expires, and the session ends, before it asks again.
    let token = scene.app.access_token();
    until("the expiry", || scene.server.refuses(&token)).await;
    scene.server.command(&["user", "soft-logout", &scene.person.name]);
    scene.is_told(true, First::Request).await;
    scene.comes_back().await;
}

/// Each for both APIs, and with either refused first.
macro_rules! tests {
    ($($scene:ident)*) => { $(
        mod $scene {
            use super::*;

            #[tokio::test]
            async fn legacy_request_refused_first() {
                super::$scene(Api::Legacy, First::Request).await;
            }

            #[tokio::test]
            async fn legacy_refresh_refused_first() {
                super::$scene(Api::Legacy, First::Refresh).await;
            }

            #[tokio::test]
            async fn oauth_request_refused_first() {
                super::$scene(Api::OAuth, First::Request).await;
            }

            #[tokio::test]
            async fn oauth_refresh_refused_first() {
                super::$scene(Api::OAuth, First::Refresh).await;
            }
        }
    )* };
}

tests! {
    ended_by_an_operator
    too_old
    taken_over
    signed_out_elsewhere
    password_changed_elsewhere
    deactivated
    locked
}

#[tokio::test]
async fn legacy_refreshes_by_itself() {
    refreshes_by_itself(Api::Legacy).await;
}

#[tokio::test]
async fn oauth_refreshes_by_itself() {
    refreshes_by_itself(Api::OAuth).await;
}
