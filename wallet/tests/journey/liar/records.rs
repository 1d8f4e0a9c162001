//! Lies about the manifest, the records, and what came before.

use std::collections::BTreeMap;

use assent_core::encoding::base64url;
use ciborium::Value as Cbor;
use serde_json::Value;

use super::world::*;
use crate::city::StoredVault;

pub const LIES: &[Lie] = &[
    // The manifest.
    Lie("a changed manifest", With::Code, MANIFEST, MANIFEST, |world| {
        let mut vault = world.honest.clone();
        flip(&mut vault.manifest, 200);
        vault
    }),
    Lie("a manifest cut short", With::Code, MANIFEST, MANIFEST, |world| {
        let mut vault = world.honest.clone();
        let mut cut = bytes(&vault.manifest);
        cut.truncate(cut.len() - 16);
        vault.manifest = text(&cut);
        vault
    }),
    Lie("an empty manifest", With::Code, MANIFEST, MANIFEST, |world| {
        StoredVault {
            manifest: "".into(),
            ..world.honest.clone()
        }
    }),
    Lie(
        "the manifest of another vault of the person",
        With::Code,
        MANIFEST,
        MANIFEST,
        |world| {
            let manifest = world.other.manifest.clone();
            StoredVault {
                manifest,
                ..world.honest.clone()
            }
        },
    ),
    Lie(
        "an old manifest with the new slots",
        With::Code,
        SLOTS,
        BACK,
        |world| {
            let mut vault = as_newest(&world.known, world);
            vault.header = world.honest.header.clone();
            vault.manifest = world.known.manifest.clone();
            vault
        },
    ),
    Lie("a record as manifest", With::Code, MANIFEST, MANIFEST, |world| {
        let manifest = world.honest.records[&changed(world)].sealed.clone();
        StoredVault {
            manifest,
            ..world.honest.clone()
        }
    }),
    // Back in time.
    Lie(
        "the service took the change and forgot it",
        With::Code,
        NotAsked,
        BACK,
        |world| world.known.clone(),
    ),
    Lie(
        "an old state sold as the newest",
        With::Code,
        NotAsked,
        BACK,
        |world| as_newest(&world.known, world),
    ),
    Lie("another branch", With::Code, NotAsked, FORK, |world| {
        as_newest(&world.fork, world)
    }),
    Lie("another branch, grown on", With::Code, NotAsked, FORK, |world| {
        as_newest(&world.long_fork, world)
    }),
    Lie(
        "the manifest of another branch",
        With::Code,
        MISSING,
        FORK,
        |world| {
            let mut vault = world.honest.clone();
            vault.header = world.fork.header.clone();
            vault.manifest = world.fork.manifest.clone();
            vault
        },
    ),
    // Records.
    Lie(
        "a changed record is kept back",
        With::Code,
        MISSING,
        MISSING,
        |world| records(world, |records| drop(records.remove(&changed(world)))),
    ),
    Lie(
        "a new record is kept back",
        With::Code,
        MISSING,
        MISSING,
        |world| records(world, |records| drop(records.remove(&two_new(world).0))),
    ),
    Lie(
        "all records are kept back",
        With::Code,
        MISSING,
        MISSING,
        |world| records(world, BTreeMap::clear),
    ),
    Lie(
        "a record is said to be deleted",
        With::Code,
        MISSING,
        MISSING,
        |world| {
            let mut vault = world.honest.clone();
            vault.records.remove(&changed(world));
            vault.deleted.insert(changed(world), vault.version);
            vault
        },
    ),
    Lie(
        "a record is of an older version",
        With::Code,
        MISSING,
        MISSING,
        |world| {
            records(world, |records| {
                let at = changed(world);
                records.get_mut(&at).unwrap().sealed = world.known.records[&at].sealed.clone();
            })
        },
    ),
    Lie(
        "two records are exchanged",
        With::Code,
        MISSING,
        MISSING,
        |world| {
            records(world, |records| {
                let (one, two) = two_new(world);
                let (a, b) = (records[&one].clone(), records[&two].clone());
                records.insert(one, b);
                records.insert(two, a);
            })
        },
    ),
    Lie(
        "the contents of two records are exchanged",
        With::Code,
        MISSING,
        MISSING,
        |world| {
            records(world, |records| {
                let (one, two) = two_new(world);
                let (a, b) = (records[&one].sealed.clone(), records[&two].sealed.clone());
                records.get_mut(&one).unwrap().sealed = b;
                records.get_mut(&two).unwrap().sealed = a;
            })
        },
    ),
    Lie(
        "the keys of two records are exchanged",
        With::Code,
        RECORD,
        RECORD,
        |world| {
            records(world, |records| {
                let (one, two) = two_new(world);
                let (a, b) = (records[&one].key.clone(), records[&two].key.clone());
                records.get_mut(&one).unwrap().key = b;
                records.get_mut(&two).unwrap().key = a;
            })
        },
    ),
    Lie(
        "a record under another handle",
        With::Code,
        MISSING,
        MISSING,
        |world| {
            records(world, |records| {
                let record = records.remove(&two_new(world).0).unwrap();
                records.insert(base64url::encode(&[9; 16]), record);
            })
        },
    ),
    Lie("a record is changed", With::Code, MISSING, MISSING, |world| {
        records(world, |records| {
            flip(&mut records.get_mut(&changed(world)).unwrap().sealed, 300)
        })
    }),
    Lie("a record's key is changed", With::Code, RECORD, RECORD, |world| {
        records(world, |records| {
            flip(&mut records.get_mut(&changed(world)).unwrap().key, 100)
        })
    }),
    Lie("a record's key is empty", With::Code, RECORD, RECORD, |world| {
        records(world, |records| {
            records.get_mut(&changed(world)).unwrap().key = "".into()
        })
    }),
    Lie(
        "a record's key is another record's value",
        With::Code,
        RECORD,
        RECORD,
        |world| {
            records(world, |records| {
                let (one, two) = two_new(world);
                records.get_mut(&one).unwrap().key = records[&two].sealed.clone();
            })
        },
    ),
    Lie("a record without a key", With::Code, MISSING, MISSING, |world| {
        records(world, |records| {
            records.get_mut(&two_new(world).0).unwrap().key = Value::Null
        })
    }),
    Lie(
        "a record without content",
        With::Code,
        MISSING,
        MISSING,
        |world| {
            records(world, |records| {
                records.get_mut(&two_new(world).0).unwrap().sealed = Value::Null
            })
        },
    ),
    Lie(
        "a record of another vault of the person",
        With::Code,
        MISSING,
        MISSING,
        |world| {
            records(world, |records| {
                records.insert(
                    changed(world),
                    as_newest(&world.other, world)
                        .records
                        .into_values()
                        .next()
                        .unwrap(),
                );
            })
        },
    ),
    Lie(
        "every receipt and entry of a sharing is replaced by its neighbour",
        With::Code,
        MISSING,
        MISSING,
        |world| {
            records(world, |records| {
                let all: Vec<_> = world
                    .shared
                    .iter()
                    .map(|handle| records[handle].clone())
                    .collect();
                for (number, handle) in world.shared.iter().enumerate() {
                    records.insert(handle.clone(), all[(number + 1) % all.len()].clone());
                }
            })
        },
    ),
    Lie(
        "the sharing never happened",
        With::Code,
        MISSING,
        MISSING,
        |world| {
            records(world, |records| {
                records.retain(|handle, _| !world.shared.contains(handle))
            })
        },
    ),
    Lie("a record is planted", With::Code, Ignored, Ignored, |world| {
        records(world, |records| {
            let mut planted = records[&changed(world)].clone();
            planted.version = world.honest.version;
            records.insert(base64url::encode(&[9; 16]), planted);
        })
    }),
    Lie(
        "a thousand records are planted",
        With::Code,
        Ignored,
        Ignored,
        |world| {
            records(world, |records| {
                let planted = records[&changed(world)].clone();
                for number in 0..200u8 {
                    records.insert(base64url::encode(&[number; 16]), planted.clone());
                }
            })
        },
    ),
    Lie(
        "a deleted record comes back",
        With::Code,
        Ignored,
        Ignored,
        |world| {
            // Copies that were used up are deleted from the vault; the service kept one.
            records(world, |records| {
                let gone = world
                    .known
                    .records
                    .keys()
                    .find(|handle| !world.honest.records.contains_key(*handle));
                let gone = gone.unwrap();
                let mut record = world.known.records[gone].clone();
                (record.version, record.box_version) = (world.honest.version, world.honest.version);
                records.insert(gone.clone(), record);
            })
        },
    ),
    // A change of keys, in part.
    Lie(
        "the old keyring after a change of keys",
        With::Code,
        SLOTS,
        SLOTS,
        |world| {
            let read: Cbor = ciborium::from_reader(&bytes(&world.honest.header)[..]).unwrap();
            let old = read.into_array().unwrap()[4].clone();
            let rotated = World {
                honest: world.rotated.clone(),
                ..snapshot(world)
            };
            header(&rotated, |fields| fields[4] = old)
        },
    ),
    Lie(
        "the old manifest after a change of keys",
        With::Code,
        MANIFEST,
        MANIFEST,
        |world| {
            let manifest = world.honest.manifest.clone();
            StoredVault {
                manifest,
                ..world.rotated.clone()
            }
        },
    ),
    Lie(
        "the old slots after a change of keys",
        With::Code,
        MANIFEST,
        MANIFEST,
        |world| {
            let header = world.honest.header.clone();
            StoredVault {
                header,
                ..world.rotated.clone()
            }
        },
    ),
    Lie(
        "one old key after a change of keys",
        With::Code,
        RECORD,
        RECORD,
        |world| {
            let mut vault = world.rotated.clone();
            let at = changed(world);
            vault.records.get_mut(&at).unwrap().key = world.honest.records[&at].key.clone();
            vault
        },
    ),
];
