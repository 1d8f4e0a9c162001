//! Mailboxes of devices that are being added.

use assent_server::store::{Database, PairingLimits, PairingMessage, PairingPut, PairingStore as _};

use super::NOW;

const LIMITS: PairingLimits = PairingLimits {
    sessions: 3,
    bytes: 100,
};

pub(super) async fn pairings_are_written_once_and_end(store: Database) {
    let until = NOW.plus(600);
    let put = async |session: &str, slot, message: &[u8], now| {
        let stored = store.put_pairing_message(session, slot, message, LIMITS, now, until);
        stored.await.unwrap()
    };
    let get = async |session: &str, slot, now| store.pairing_message(session, slot, now).await.unwrap();
    assert_eq!(get("a", 0, NOW).await, PairingMessage::Missing);
    assert_eq!(put("a", 0, b"one", NOW).await, PairingPut::Stored);
    assert_eq!(put("a", 0, b"one", NOW).await, PairingPut::Stored);
    assert_eq!(put("a", 0, b"other", NOW).await, PairingPut::Taken);
    assert_eq!(put("a", 1, b"", NOW).await, PairingPut::Stored);
    assert_eq!(get("a", 0, NOW).await, PairingMessage::There(b"one".to_vec()));
    assert_eq!(get("a", 1, NOW).await, PairingMessage::There(Vec::new()));
    assert_eq!(get("b", 0, NOW).await, PairingMessage::Missing);
    assert_eq!(get("a", 0, until).await, PairingMessage::Missing);
    assert_eq!(put("a", 2, &[0; 98], NOW).await, PairingPut::Full);
    assert_eq!(get("a", 2, NOW).await, PairingMessage::Missing);
    assert_eq!(put("a", 2, &[0; 97], NOW).await, PairingPut::Stored);

    store.close_pairing("a", LIMITS, NOW, until).await.unwrap();
    store.close_pairing("b", LIMITS, NOW, until).await.unwrap();
    for session in ["a", "b"] {
        assert_eq!(get(session, 0, NOW).await, PairingMessage::Closed);
        assert_eq!(put(session, 0, b"one", NOW).await, PairingPut::Closed);
        assert_eq!(get(session, 0, until).await, PairingMessage::Missing);
    }
    // What was deleted gives its bytes back; what is closed keeps its place until it is over.
    assert_eq!(put("c", 0, &[0; 100], NOW).await, PairingPut::Stored);
    assert_eq!(put("d", 0, b"", NOW).await, PairingPut::Full);
    store.close_pairing("d", LIMITS, NOW, until).await.unwrap();
    assert_eq!(get("d", 0, NOW).await, PairingMessage::Missing);
    // Over, but not swept yet: a new one in its place.
    let later = until.plus(600);
    let again = store.put_pairing_message("a", 0, b"new", LIMITS, until, later);
    assert_eq!(again.await.unwrap(), PairingPut::Full, "the bytes of the third");
    assert_eq!(store.sweep_pairings(until).await.unwrap(), 3);
    let again = store.put_pairing_message("a", 0, b"new", LIMITS, until, later);
    assert_eq!(again.await.unwrap(), PairingPut::Stored);
    assert_eq!(store.sweep_pairings(until).await.unwrap(), 0);
}

pub(super) async fn one_of_two_messages_wins(store: Database) {
    let until = NOW.plus(600);
    let tasks: Vec<_> = (0u8..8)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                let message = [n];
                let put = store.put_pairing_message("a", 0, &message, LIMITS, NOW, until);
                (n, put.await.unwrap())
            })
        })
        .collect();
    let mut won = Vec::new();
    for task in tasks {
        let (n, outcome) = task.await.unwrap();
        match outcome {
            PairingPut::Stored => won.push(n),
            outcome => assert_eq!(outcome, PairingPut::Taken),
        }
    }
    assert_eq!(won.len(), 1);
    let there = store.pairing_message("a", 0, NOW).await.unwrap();
    assert_eq!(there, PairingMessage::There(won));
}
