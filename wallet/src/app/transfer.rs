//! What leaves the vault for a file and comes in from one. The formats are in [`crate::transfer`], which a browser loads
//! only when somebody needs them.

use assent_core::encoding::json::Object;
use assent_core::encoding::record::{self, FromJson as _, ToJson as _, Value};
use assent_core::env::Env;
use assent_core::error::Blame;

use super::session::Core;
use super::view::SecretValue;
use super::wallet::Next;
use super::{Reply, WalletError, sync};
use crate::present::KeptReceipt;
use crate::records::{Record as _, Waiting, read};

/// Every record as it is. Receipts come with their keys, which another vault could not derive.
pub(super) fn take_out(core: &Core) -> Result<Next, WalletError> {
    let records = core.records()?;
    let mut object = Object::new();
    for (name, content) in records.all() {
        let is_receipt = name
            .split_once('/')
            .is_some_and(|(kind, _)| kind == KeptReceipt::KIND);
        let text = match read::<KeptReceipt>(content) {
            Ok(kept) if is_receipt => kept.with_key(&core.open()?.vault)?.write_json().to_string(),
            _ => String::from_utf8_lossy(content).into_owned(),
        };
        record::put(&mut object, name, Value::String(text));
    }
    Ok(Next::Done(Reply::Contents {
        records: SecretValue(Value::Object(object)),
        version: records.version(),
    }))
}

/// In one commit. Done again after a lost answer it finds another version, and the shell plans anew.
pub(super) fn put_in(
    core: &mut Core,
    records: Value,
    version: u64,
    env: &mut Env<'_>,
) -> Result<Next, WalletError> {
    let put = Waiting::read_json(records).map_err(|_| moved_on())?;
    sync::commit(
        core,
        env,
        move |records| {
            if records.version() != version {
                return Err(moved_on());
            }
            records.put_all(&put);
            Ok(())
        },
        |_, outcome, _| outcome.map(|()| Next::Done(Reply::Done)),
    )
}

fn moved_on() -> WalletError {
    WalletError::new(
        "vault-moved-on",
        "the vault was changed meanwhile: nothing was brought in",
        "Try again.",
        Blame::Us,
    )
}
