use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp(1_795_000_000);

/// What a device does with its history.
#[derive(Debug, Clone)]
enum Act {
    Say(u8),
    Delete,
    Undo,
    BringBack(u8),
    /// Takes over what another device has.
    Hear(u8),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => any::<u8>().prop_map(Act::Say),
        1 => Just(Act::Delete),
        1 => Just(Act::Undo),
        1 => any::<u8>().prop_map(Act::BringBack),
        3 => any::<u8>().prop_map(Act::Hear),
    ]
}

/// Devices with clocks that go wrong, offline and not; gives their histories and everything that was ever said.
fn play(acts: &[(u8, i8, Act)], devices: usize) -> (Vec<Versions>, BTreeSet<VersionId>) {
    let mut all = vec![Versions::default(); devices];
    let mut said = BTreeSet::new();
    for (step, (device, skew, act)) in acts.iter().enumerate() {
        let number = usize::from(*device) % devices;
        let now = NOW.plus(step as i64 + i64::from(*skew));
        let by = [number as u8; 16];
        let mut history = all[number].clone();
        match act {
            Act::Say(content) => history.say(Some(&[*content]), now, by),
            Act::Delete => history.say(None, now, by),
            Act::Undo => drop(history.undo(now, by)),
            Act::BringBack(which) => {
                let ids: Vec<_> = history.iter().map(|version| version.id).collect();
                if !ids.is_empty() {
                    history.bring_back(ids[usize::from(*which) % ids.len()], now, by);
                }
            }
            Act::Hear(from) => {
                let from = all[usize::from(*from) % devices].clone();
                history = history.merge(from);
            }
        }
        said.extend(history.0.iter().map(|version| version.id));
        all[number] = history;
    }
    (all, said)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 64 } else { 500 }))]

    #[test]
    fn merging_has_no_order_and_no_number(
        acts in proptest::collection::vec((any::<u8>(), any::<i8>(), act()), 0..40),
        order in any::<[u8; 8]>(),
    ) {
        let (all, said) = play(&acts, 3);
        let [a, b, c] = <[Versions; 3]>::try_from(all.clone()).unwrap();
        prop_assert_eq!(a.clone().merge(b.clone()), b.clone().merge(a.clone()));
        prop_assert_eq!(a.clone().merge(a.clone()), a.clone());
        let left = a.clone().merge(b.clone()).merge(c.clone());
        prop_assert_eq!(&left, &a.clone().merge(b.clone().merge(c.clone())));
        // In any order, as often as it comes.
        let mut any = Versions::default();
        for which in order {
            any = any.merge(all[usize::from(which) % 3].clone());
        }
        for history in &all {
            any = any.merge(history.clone());
        }
        prop_assert_eq!(&any, &left);
        // Nothing is lost: every version that ever was is there, and so is its content.
        let kept: BTreeSet<_> = left.0.iter().map(|version| version.id).collect();
        prop_assert_eq!(kept, said);
        prop_assert!(left.0.iter().all(|version| version.said != Said::Forgotten));
        prop_assert_eq!(Versions::from_text(&left.to_text()).unwrap(), left);
    }

    #[test]
    fn what_is_shown_follows_what_was_seen(
        acts in proptest::collection::vec((any::<u8>(), any::<i8>(), act()), 0..40),
        content in any::<u8>(),
        skew in any::<i8>(),
    ) {
        let (all, _) = play(&acts, 3);
        let merged = all.into_iter().reduce(Versions::merge).unwrap();
        // A change settles every conflict, whatever the clock says.
        let mut changed = merged.clone();
        changed.say(Some(&[content]), NOW.plus(i64::from(skew) - 1000), [9; 16]);
        prop_assert_eq!(changed.shown().unwrap().content(), Some(&[content][..]));
        prop_assert_eq!(changed.conflicts().count(), 0);
        // Whoever has not heard of it cannot turn it back by merging.
        let again = changed.clone().merge(merged);
        prop_assert_eq!(again.shown(), changed.shown());
    }
}

/// What a device does with a detail that it sees, edits, and sometimes erases.
#[derive(Debug, Clone)]
enum Deed {
    /// Edits what it saw so many steps ago.
    Edit(u8, u8),
    Forget(u8),
    Erase,
    Hear(u8),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        5 => (any::<u8>(), 0..4_u8).prop_map(|(content, ago)| Deed::Edit(content, ago)),
        1 => any::<u8>().prop_map(Deed::Forget),
        1 => Just(Deed::Erase),
        3 => any::<u8>().prop_map(Deed::Hear),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 64 } else { 500 }))]

    /// Whatever devices do offline: what one of them forgot or erased nobody brings back; every other edit is there, and none
    /// that its editor had not seen is taken for settled.
    #[test]
    fn erasing_is_for_ever_and_takes_nothing_else(
        deeds in proptest::collection::vec((any::<u8>(), any::<i8>(), deed()), 0..40),
    ) {
        let mut all = vec![Versions::default(); 3];
        let mut screens = vec![vec![Vec::new()]; 3];
        let (mut said, mut gone) = (BTreeSet::new(), BTreeSet::new());
        let mut made_from = Vec::new();
        for (step, (device, skew, deed)) in deeds.iter().enumerate() {
            let number = usize::from(*device) % 3;
            let now = NOW.plus(step as i64 + i64::from(*skew));
            let by = [number as u8; 16];
            let mut history = all[number].clone();
            let before: BTreeSet<_> = history.iter().map(|version| version.id).collect();
            match deed {
                Deed::Edit(content, ago) => {
                    let seen: &Vec<VersionId> = screens[number].iter().rev().nth(usize::from(*ago)).unwrap_or(&screens[number][0]);
                    history.say_after(seen, Some(&[*content, step as u8]), now, by);
                    let new = history.iter().find(|version| !before.contains(&version.id));
                    if let Some(new) = new {
                        said.insert(new.id);
                        made_from.push((new.id, new.parents.clone()));
                    }
                }
                Deed::Forget(which) => {
                    let ids: Vec<_> = history.iter().map(|version| version.id).collect();
                    if !ids.is_empty() {
                        let id = ids[usize::from(*which) % ids.len()];
                        if history.forget(id) {
                            gone.insert(id);
                        }
                    }
                }
                Deed::Erase => {
                    gone.extend(history.iter().map(|version| version.id));
                    history.erase(now, by);
                }
                Deed::Hear(from) => {
                    let from = all[usize::from(*from) % 3].clone();
                    history = history.merge(from);
                }
            }
            screens[number].push(history.present_ids());
            all[number] = history;
        }
        let merged = all.into_iter().reduce(Versions::merge).unwrap();
        for version in merged.iter() {
            prop_assert_eq!(version.content().is_some(), said.contains(&version.id) && !gone.contains(&version.id));
        }
        // An edit is past only when somebody saw it, or a merge of it, before going on.
        let followed: BTreeSet<_> = merged.iter().flat_map(|version| version.parents.clone()).collect();
        let present: BTreeSet<_> = merged.present_ids().into_iter().collect();
        for (id, _) in &made_from {
            prop_assert!(present.contains(id) != followed.contains(id));
        }
        prop_assert_eq!(Versions::from_text(&merged.to_text()).unwrap(), merged);
    }
}

#[test]
fn two_offline_edits_are_both_kept_and_the_newest_shown() {
    let mut one = Versions::default();
    one.say(Some(b"Square 1"), NOW, [1; 16]);
    let mut two = one.clone();
    one.say(Some(b"Harbour 2"), NOW.plus(10), [1; 16]);
    two.say(Some(b"Market 3"), NOW.plus(20), [2; 16]);
    let mut merged = one.clone().merge(two);
    assert_eq!(merged.shown().unwrap().content(), Some(&b"Market 3"[..]));
    let others: Vec<_> = merged
        .conflicts()
        .map(|version| version.content().unwrap().to_vec())
        .collect();
    assert_eq!(others, [b"Harbour 2"]);
    // The citizen takes the other one; then there is no conflict, and all three are still there.
    let other = merged.conflicts().next().unwrap().id;
    assert!(merged.bring_back(other, NOW.plus(30), [1; 16]));
    assert_eq!(merged.shown().unwrap().content(), Some(&b"Harbour 2"[..]));
    assert_eq!(merged.conflicts().count(), 0);
    assert_eq!(merged.iter().count(), 4);
    // And back again.
    assert!(merged.undo(NOW.plus(40), [1; 16]));
    assert_eq!(merged.shown().unwrap().content(), Some(&b"Market 3"[..]));
}

#[test]
fn an_edit_beats_a_deletion_that_did_not_know_it() {
    let mut one = Versions::default();
    one.say(Some(b"Square 1"), NOW, [1; 16]);
    let mut two = one.clone();
    one.say(None, NOW.plus(50), [1; 16]);
    two.say(Some(b"Market 3"), NOW.plus(20), [2; 16]);
    let merged = one.merge(two);
    assert_eq!(merged.shown().unwrap().content(), Some(&b"Market 3"[..]));
    let mut deleted = merged;
    deleted.say(None, NOW.plus(60), [1; 16]);
    assert_eq!(deleted.shown().unwrap().content(), None);
    assert!(deleted.undo(NOW.plus(70), [1; 16]));
    assert_eq!(deleted.shown().unwrap().content(), Some(&b"Market 3"[..]));
}

#[test]
fn saying_the_same_again_is_no_version() {
    let mut one = Versions::default();
    one.say(Some(b"a"), NOW, [1; 16]);
    one.say(Some(b"a"), NOW.plus(5), [2; 16]);
    assert_eq!(one.iter().count(), 1);
    assert!(!one.undo(NOW, [1; 16]), "nothing from before");
    assert!(!one.bring_back([0; 16], NOW, [1; 16]));
}

#[test]
fn what_is_forgotten_stays_forgotten() {
    let mut one = Versions::default();
    one.say(Some(b"secret"), NOW, [1; 16]);
    let first = one.shown().unwrap().id;
    assert!(!one.forget(first), "the only one");
    one.say(Some(b"public"), NOW.plus(1), [1; 16]);
    let other_device = one.clone();
    assert!(one.forget(first));
    for merged in [
        one.clone().merge(other_device.clone()),
        other_device.merge(one.clone()),
    ] {
        assert_eq!(merged, one);
        let text = merged.to_text();
        let bytes = base64url::decode(text.strip_prefix(LABEL).unwrap()).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"secret"));
        assert!(!merged.clone().bring_back(first, NOW, [1; 16]));
    }
    assert!(
        !one.undo(NOW.plus(2), [1; 16]),
        "what it was made from is forgotten"
    );
}

#[test]
fn the_oldest_make_room() {
    let mut one = Versions::default();
    for number in 0..200u8 {
        one.say(Some(&[number]), NOW.plus(i64::from(number)), [1; 16]);
    }
    let with_content = one.iter().filter(|version| version.content().is_some()).count();
    assert_eq!(with_content, KEPT + 1);
    assert_eq!(one.shown().unwrap().content(), Some(&[199][..]));
    // A device that still has them does not bring them back, nor a conflict.
    let mut old = Versions::default();
    old.say(Some(&[0]), NOW, [1; 16]);
    let merged = old.merge(one.clone());
    assert_eq!(merged, one);
    assert_eq!(merged.conflicts().count(), 0);
}

#[test]
fn a_record_can_change_for_ever() {
    let mut one = Versions::default();
    one.say(Some(b"now"), NOW, [1; 16]);
    // As after thousands of changes: places of what was forgotten.
    for number in 0..3000u32 {
        let id = sha256(&number.to_be_bytes())[..16].try_into().unwrap();
        let at = NOW.plus(i64::from(number) - 4000);
        one.put(Version {
            id,
            parents: vec![[0; 16]],
            at,
            by: [1; 16],
            said: Said::Forgotten,
        });
    }
    // One of them was made from all others, so that they are all past.
    let all: Vec<_> = one.0.iter().map(|version| version.id).collect();
    let last = one
        .0
        .iter_mut()
        .find(|version| version.said == Said::Forgotten)
        .unwrap();
    last.parents = all.into_iter().filter(|id| *id != last.id).collect();
    one.say(Some(b"later"), NOW.plus(1), [1; 16]);
    assert_eq!(one.0.len(), PLACES + 2);
    assert_eq!(one.shown().unwrap().content(), Some(&b"later"[..]));
    assert!(Versions::from_text(&one.to_text()).is_some());
}

#[test]
fn only_whole_histories_are_read() {
    let mut one = Versions::default();
    one.say(Some(b"a"), NOW, [1; 16]);
    one.say(Some(b"b"), NOW, [1; 16]);
    let text = one.to_text();
    assert_eq!(Versions::from_text(&text), Some(one.clone()));
    for at in LABEL.len()..text.len() {
        let mut changed = text.as_bytes().to_vec();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        if let Some(read) = Versions::from_text(std::str::from_utf8(&changed).unwrap()) {
            // The time, slot, parents and content of a version make its id.
            assert_eq!(read, one, "byte {at}");
        }
    }
    for text in ["", "assent/versions/1.", "assent/versions/2.gA", "{\"a\":1}"] {
        assert_eq!(Versions::from_text(text), None);
    }
    assert_eq!(merged(b"{}", &text), None);
    assert_eq!(merged(text.as_bytes(), "{}"), None);
    assert_eq!(merged(text.as_bytes(), &text).unwrap(), text);
}

/// Changes of one second stand in the order they were made in, whatever their ids.
#[test]
fn the_newest_stand_first() {
    for start in 0..20 {
        let mut history = Versions::default();
        let mut made = Vec::new();
        for number in 0..6 {
            let at = Timestamp(start + i64::from(number / 3));
            history.say(Some(&[number]), at, [1; 16]);
            made.insert(0, history.shown().unwrap().id);
        }
        let order: Vec<_> = history.newest_first().iter().map(|version| version.id).collect();
        assert_eq!(order, made);
        history.say(None, Timestamp(start + 1), [1; 16]);
        assert_eq!(history.last_said(), Some(&[5][..]));
    }
}
