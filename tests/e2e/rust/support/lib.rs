//! What the tests of crate matrix-sdk stand on: a server behind TLS, people, and an app.

mod app;
mod person;
mod server;
mod tls;

pub use app::{Api, App};
pub use person::Person;
pub use server::{Server, until};
