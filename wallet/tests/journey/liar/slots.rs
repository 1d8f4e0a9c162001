//! Lies about the unlock methods and the header.

use ciborium::Value as Cbor;

use super::world::*;
use crate::city::StoredVault;

pub const LIES: &[Lie] = &[
    // Unlock methods.
    Lie(
        "a slot of the service's own is added",
        With::Code,
        SLOTS,
        SLOTS,
        |world| {
            slots(world, |slots| {
                let mut own = slots[1].clone();
                own.as_array_mut().unwrap()[0] = Cbor::Bytes(vec![9; 16]);
                slots.push(own);
            })
        },
    ),
    Lie("a slot is there twice", With::Code, SLOTS, SLOTS, |world| {
        slots(world, |slots| slots.push(slots[1].clone()))
    }),
    Lie("a slot is dropped", With::Code, SLOTS, SLOTS, |world| {
        slots(world, |slots| drop(slots.remove(0)))
    }),
    Lie(
        "only the citizen's way in is left",
        With::Code,
        SLOTS,
        SLOTS,
        |world| {
            slots(world, |slots| {
                slots.retain(|slot| slot.as_array().unwrap()[1] == Cbor::from("recovery"))
            })
        },
    ),
    Lie(
        "the slots are in another order",
        With::Code,
        SLOTS,
        SLOTS,
        |world| slots(world, |slots| slots.reverse()),
    ),
    Lie("there are no slots", With::Code, MALFORMED, MALFORMED, |world| {
        slots(world, Vec::clear)
    }),
    Lie(
        "there are a hundred slots",
        With::Code,
        MALFORMED,
        MALFORMED,
        |world| slots(world, |slots| *slots = vec![slots[1].clone(); 100]),
    ),
    Lie(
        "there are ten passphrases to try",
        With::Passphrase,
        MALFORMED,
        MALFORMED,
        |world| slots(world, |slots| *slots = vec![slots[0].clone(); 10]),
    ),
    Lie("a slot has another id", With::Code, WRONG, SLOTS, |world| {
        slot(world, 1, |slot| slot[0] = Cbor::Bytes(vec![9; 16]))
    }),
    Lie(
        "a slot has a public key of the service's",
        With::Code,
        SLOTS,
        SLOTS,
        |world| {
            slots(world, |slots| {
                let theirs = slots[2].as_array().unwrap()[3].clone();
                slots[1].as_array_mut().unwrap()[3] = theirs;
            })
        },
    ),
    Lie(
        "another slot that will get the next root key has it",
        With::Code,
        SLOTS,
        SLOTS,
        |world| {
            slots(world, |slots| {
                let theirs = slots[2].as_array().unwrap()[3].clone();
                slots[0].as_array_mut().unwrap()[3] = theirs;
            })
        },
    ),
    Lie(
        "a slot has the private key of another",
        With::Code,
        WRONG,
        SLOTS,
        |world| {
            slots(world, |slots| {
                let theirs = slots[2].as_array().unwrap()[4].clone();
                slots[1].as_array_mut().unwrap()[4] = theirs;
            })
        },
    ),
    Lie("the private key is changed", With::Code, WRONG, SLOTS, |world| {
        slot(world, 1, |slot| flip_cbor(&mut slot[4]))
    }),
    Lie("the private key is gone", With::Code, WRONG, SLOTS, |world| {
        slot(world, 1, |slot| slot[4] = Cbor::Bytes(vec![]))
    }),
    Lie(
        "a slot has the root key of another slot",
        With::Code,
        SLOTS,
        SLOTS,
        |world| {
            slots(world, |slots| {
                let theirs = slots[2].as_array().unwrap()[5].clone();
                slots[1].as_array_mut().unwrap()[5] = theirs;
            })
        },
    ),
    Lie("the root key is changed", With::Code, SLOTS, SLOTS, |world| {
        slot(world, 1, |slot| flip_cbor(&mut slot[5]))
    }),
    Lie(
        "a passphrase is made a recovery code",
        With::Passphrase,
        Refused("vault-no-such-unlock-method"),
        SLOTS,
        |world| {
            slot(world, 0, |slot| {
                slot[1] = Cbor::from("recovery");
                slot[2] = Cbor::Array(vec![]);
            })
        },
    ),
    Lie(
        "a recovery code is made a device's key",
        With::Code,
        Refused("vault-no-such-unlock-method"),
        SLOTS,
        |world| slot(world, 1, |slot| slot[1] = Cbor::from("device")),
    ),
    Lie("a method nobody knows", With::Code, NEWER, NEWER, |world| {
        slot(world, 1, |slot| slot[1] = Cbor::from("oracle"))
    }),
    Lie("another passkey", With::Code, SLOTS, SLOTS, |world| {
        parameter(world, 2, 0, Cbor::Bytes(vec![7; 32]))
    }),
    Lie(
        "another salt for the passkey",
        With::Code,
        SLOTS,
        SLOTS,
        |world| parameter(world, 2, 1, Cbor::Bytes(vec![7; 32])),
    ),
    Lie(
        "another next salt for the passkey",
        With::Code,
        SLOTS,
        SLOTS,
        |world| parameter(world, 2, 2, Cbor::Bytes(vec![7; 32])),
    ),
    // Stretching.
    Lie(
        "Argon2id with little memory",
        With::Passphrase,
        WEAK,
        SLOTS,
        |world| parameter(world, 0, 1, 8.into()),
    ),
    Lie(
        "Argon2id with a bit less memory",
        With::Passphrase,
        WEAK,
        SLOTS,
        |world| parameter(world, 0, 1, 65_535.into()),
    ),
    Lie("Argon2id with one pass", With::Passphrase, WEAK, SLOTS, |world| {
        parameter(world, 0, 2, 1.into())
    }),
    Lie("Argon2id without lanes", With::Passphrase, WEAK, SLOTS, |world| {
        parameter(world, 0, 3, 0.into())
    }),
    Lie(
        "Argon2id that takes all memory",
        With::Passphrase,
        WEAK,
        SLOTS,
        |world| parameter(world, 0, 1, u32::MAX.into()),
    ),
    Lie(
        "Argon2id that takes for ever",
        With::Passphrase,
        WEAK,
        SLOTS,
        |world| parameter(world, 0, 2, u32::MAX.into()),
    ),
    Lie(
        "Argon2id with a number beyond all bounds",
        With::Passphrase,
        MALFORMED,
        MALFORMED,
        |world| parameter(world, 0, 1, u64::MAX.into()),
    ),
    Lie("another salt", With::Passphrase, WRONG, SLOTS, |world| {
        parameter(world, 0, 0, Cbor::Bytes(vec![0; 16]))
    }),
    // The header as a whole.
    Lie(
        "the header of another vault of the person",
        With::Passphrase,
        SLOTS,
        SLOTS,
        |world| {
            let header = world.other.header.clone();
            StoredVault {
                header,
                ..world.honest.clone()
            }
        },
    ),
    Lie(
        "another vault of the person, whole",
        With::Passphrase,
        SLOTS,
        SLOTS,
        |world| world.other.clone(),
    ),
    Lie("another vault id", With::Code, SLOTS, SLOTS, |world| {
        header(world, |fields| fields[1] = Cbor::Bytes(vec![9; 16]))
    }),
    Lie("a later epoch", With::Code, SLOTS, SLOTS, |world| {
        header(world, |fields| fields[2] = 2.into())
    }),
    Lie("an earlier epoch", With::Code, SLOTS, BACK, |world| {
        let mut vault = header(world, |fields| fields[2] = 0.into());
        vault.version += 1;
        vault
    }),
    Lie("a changed keyring", With::Code, SLOTS, SLOTS, |world| {
        header(world, |fields| flip_cbor(&mut fields[4]))
    }),
    Lie("no keyring", With::Code, SLOTS, SLOTS, |world| {
        header(world, |fields| fields[4] = Cbor::Bytes(vec![]))
    }),
    Lie("the manifest as keyring", With::Code, SLOTS, SLOTS, |world| {
        let manifest = bytes(&world.honest.manifest);
        header(world, |fields| fields[4] = Cbor::Bytes(manifest))
    }),
    Lie("another signing key", With::Code, SLOTS, SLOTS, |world| {
        header(world, |fields| fields[5] = fields[6].clone())
    }),
    Lie("another inbox key", With::Code, SLOTS, SLOTS, |world| {
        header(world, |fields| fields[6] = fields[5].clone())
    }),
    Lie(
        "a header of the first form",
        With::Code,
        MALFORMED,
        MALFORMED,
        |world| header(world, |fields| fields[0] = Cbor::from("assent/vault-header/1")),
    ),
    Lie("a header of a later form", With::Code, NEWER, NEWER, |world| {
        header(world, |fields| fields[0] = Cbor::from("assent/vault-header/4"))
    }),
    Lie(
        "a header of the form with notices, and none",
        With::Code,
        MALFORMED,
        MALFORMED,
        |world| notices(world, 0),
    ),
    Lie(
        "more notices to removed devices than a header keeps",
        With::Code,
        MALFORMED,
        MALFORMED,
        |world| notices(world, 17),
    ),
    Lie(
        "a notice to a removed device that nobody signed",
        With::Code,
        Ignored,
        Ignored,
        |world| notices(world, 1),
    ),
    Lie(
        "one member more in the header",
        With::Code,
        MALFORMED,
        MALFORMED,
        |world| header(world, |fields| fields.push(Cbor::Null)),
    ),
    Lie(
        "a byte after the header",
        With::Code,
        MALFORMED,
        MALFORMED,
        |world| {
            let mut vault = world.honest.clone();
            vault.header = text(&[bytes(&vault.header), vec![0]].concat());
            vault
        },
    ),
    Lie("an empty header", With::Code, MALFORMED, MALFORMED, |world| {
        StoredVault {
            header: "".into(),
            ..world.honest.clone()
        }
    }),
];

/// The header in its form with notices to removed devices, signed by nobody.
fn notices(world: &World, count: u8) -> StoredVault {
    header(world, |fields| {
        fields[0] = Cbor::from("assent/vault-header/3");
        let notice = |n| Cbor::Array(vec![Cbor::Bytes(vec![n; 16]), 0.into(), Cbor::Bytes(vec![1; 64])]);
        fields.push(Cbor::Array((0..count).map(notice).collect()));
    })
}
