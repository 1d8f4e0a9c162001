//! Signing in to the vault service (specs/decisions/0023-sign-in-finds-a-vault.md). What comes of it is an address; opening what
//! is there goes the way of every other address.

use assent_core::crypto::sha256;
use assent_core::encoding::base64url;
use assent_core::encoding::record::Value;
use assent_core::env::Env;
use assent_core::http::Method;
use assent_core::record;

use super::service::Shape;
use super::session::{Address, Core};
use super::view::SecretValue;
use super::wallet::Next;
use super::{Reply, WalletError, service, sync};
use crate::vault::VaultId;

/// Most of anything shown.
const MOST: usize = 16;

const WAYS: Shape = Shape::Object(&[(
    "providers",
    true,
    Shape::List(
        8,
        &Shape::Object(&[("id", true, Shape::Text), ("name", true, Shape::Text)]),
    ),
)]);
const SIGN_INS: Shape = Shape::Object(&[(
    "sign_ins",
    true,
    Shape::List(
        MOST,
        &Shape::Object(&[
            ("id", true, Shape::Text),
            ("provider", true, Shape::Text),
            ("created_at", true, Shape::Seconds),
        ]),
    ),
)]);
const FOUND: Shape = Shape::Object(&[(
    "vaults",
    true,
    Shape::List(MOST, &Shape::Object(&[("id", true, Shape::Text)])),
)]);

pub(super) fn run(
    core: &Core,
    step: &str,
    id: &str,
    code: &str,
    verifier: &str,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let operator = core.surroundings.operator.trim_end_matches('/');
    match step {
        "ways" => {
            let url = format!("{operator}/v1/sign-in");
            Ok(service::ask(service::request(Method::Get, url, None), &WAYS))
        }
        "begin" if service::is_id(id) => {
            let secret: [u8; 32] = env.random().map_err(|_| sync::no_randomness())?;
            let verifier = base64url::encode(&secret);
            let challenge = base64url::encode(&sha256(verifier.as_bytes()));
            let url = format!("{operator}/v1/sign-in/openid/{id}?challenge={challenge}");
            Ok(Next::Done(Reply::Service {
                answer: SecretValue(record!({ "url": url, "verifier": verifier })),
            }))
        }
        "find" => {
            let body = record!({ "code": code.to_owned(), "verifier": verifier.to_owned() });
            let url = format!("{operator}/v1/sign-in/vaults");
            Ok(Next::Send(
                service::request(Method::Post, url, Some(&body)),
                Box::new(|core, answer, _| {
                    let answer = service::read(answer, &FOUND)?;
                    let vaults = answer.get("vaults").and_then(Value::as_array);
                    // Addresses at this service, whatever it says.
                    let addresses = vaults.into_iter().flatten().map(|vault| {
                        let id = vault.get("id").and_then(Value::as_str);
                        let id = id.and_then(VaultId::parse).ok_or_else(sync::nonsense)?;
                        let address = Address::read(&id.to_string(), core)?;
                        Ok(address.as_str().to_owned())
                    });
                    let addresses = addresses.collect::<Result<Vec<String>, WalletError>>()?;
                    Ok(Next::Done(Reply::Service {
                        answer: SecretValue(record!({ "vaults": addresses })),
                    }))
                }),
            ))
        }
        "list" => list(core),
        "link" => {
            let openid = record!({ "code": code.to_owned(), "verifier": verifier.to_owned() });
            let body = record!({ "openid": openid });
            let request = service::of_vault(core, Method::Post, "sign-ins", Some(&body))?;
            Ok(service::ask(request, &SIGN_INS))
        }
        "unlink" if service::is_id(id) => {
            let request = service::of_vault(core, Method::Delete, &format!("sign-ins/{id}"), None)?;
            Ok(Next::Send(
                request,
                Box::new(|core, answer, _| {
                    service::read(answer, &Shape::Nothing)?;
                    list(core)
                }),
            ))
        }
        _ => Err(service::no_such_step()),
    }
}

fn list(core: &Core) -> Result<Next, WalletError> {
    let request = service::of_vault(core, Method::Get, "sign-ins", None)?;
    Ok(service::ask(request, &SIGN_INS))
}
