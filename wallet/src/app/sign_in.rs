//! Signing in to the vault service (specs/decisions/0023-sign-in-finds-a-vault.md). What comes of it is an address; opening what
//! is there goes the way of every other address.

use assent_core::crypto::sha256;
use assent_core::encoding::base64url;
use assent_core::encoding::record::Value;
use assent_core::env::Env;
use assent_core::error::Blame;
use assent_core::http::Method;
use assent_core::record;

use super::session::{Address, Core};
use super::view::SecretValue;
use super::wallet::Next;
use super::{Reply, WalletError, service, sync};

/// Most vaults shown for one sign-in.
const MOST: usize = 16;

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
        "ways" => Ok(service::ask(service::request(
            Method::Get,
            format!("{operator}/v1/sign-in"),
            None,
        ))),
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
                    let answer = service::read(answer)?;
                    let vaults = answer
                        .get("vaults")
                        .and_then(Value::as_array)
                        .ok_or_else(sync::nonsense)?;
                    // Addresses at this service, whatever it says.
                    let addresses = vaults.iter().take(MOST).map(|vault| {
                        let id = vault
                            .get("id")
                            .and_then(Value::as_str)
                            .ok_or_else(sync::nonsense)?;
                        let address = Address::read(id, core).map_err(|_| sync::nonsense())?;
                        Ok(address.as_str().to_owned())
                    });
                    let addresses = addresses.collect::<Result<Vec<String>, WalletError>>()?;
                    Ok(Next::Done(Reply::Service {
                        answer: SecretValue(record!({ "vaults": addresses })),
                    }))
                }),
            ))
        }
        "list" => Ok(service::ask(service::of_vault(
            core,
            Method::Get,
            "sign-ins",
            None,
        )?)),
        "link" => {
            let openid = record!({ "code": code.to_owned(), "verifier": verifier.to_owned() });
            let body = record!({ "openid": openid });
            Ok(service::ask(service::of_vault(
                core,
                Method::Post,
                "sign-ins",
                Some(&body),
            )?))
        }
        "unlink" if service::is_id(id) => {
            let request = service::of_vault(core, Method::Delete, &format!("sign-ins/{id}"), None)?;
            Ok(Next::Send(
                request,
                Box::new(|core, answer, _| {
                    service::read(answer)?;
                    Ok(service::ask(service::of_vault(
                        core,
                        Method::Get,
                        "sign-ins",
                        None,
                    )?))
                }),
            ))
        }
        _ => Err(WalletError::new(
            "command-malformed",
            "there is no such step",
            "Start again.",
            Blame::Caller,
        )),
    }
}
