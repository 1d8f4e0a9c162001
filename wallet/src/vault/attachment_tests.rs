use proptest::prelude::*;

use super::*;
use crate::vault::testing::Counter;

const VAULT: VaultId = VaultId([1; 16]);

/// Content that differs everywhere.
fn content(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at ^ at >> 8 ^ at >> 16) as u8).collect()
}

fn sealed(content: &[u8], step: usize) -> (Attachment, Vec<Vec<u8>>) {
    let mut rng = Counter(1);
    let mut pieces = Vec::new();
    let mut sealer = AttachmentSealer::new(VAULT, &mut rng).unwrap();
    let mut sink = |piece: SealedPiece| {
        assert_eq!(piece.number, pieces.len());
        assert_eq!(piece.hash, sha256(&piece.sealed));
        pieces.push(piece.sealed);
    };
    for part in content.chunks(step.max(1)) {
        sealer.push(part, &mut rng, &mut sink).unwrap();
    }
    let attachment = sealer.finish(&mut rng, &mut sink).unwrap();
    (attachment, pieces)
}

fn opened(attachment: &Attachment, bytes: &[u8], step: usize) -> Result<Vec<u8>, VaultError> {
    let mut out = Vec::new();
    let mut opener = AttachmentOpener::new(attachment, VAULT, 0);
    for part in bytes.chunks(step.max(1)) {
        opener.push(part, &mut |content| out.extend_from_slice(content))?;
    }
    opener.finish(&mut |content| out.extend_from_slice(content))?;
    Ok(out)
}

#[test]
fn a_full_piece_is_one_mebibyte() {
    for len in [
        0,
        1,
        255,
        256,
        PIECE - 1,
        PIECE,
        PIECE + 1,
        3 * PIECE - 50_000,
        3 * PIECE,
    ] {
        let original = content(len);
        let (attachment, pieces) = sealed(&original, 70_001);
        assert_eq!(attachment.size(), len as u64);
        assert_eq!(attachment.pieces().len(), pieces.len());
        let (last, full) = pieces.split_last().unwrap();
        assert!(full.iter().all(|piece| piece.len() == SEALED_PIECE));
        assert!(last.len() <= SEALED_PIECE);
        let all = pieces.concat();
        assert_eq!(all.len() as u64, attachment.sealed_size(), "{len}");
        assert_eq!(opened(&attachment, &all, 33_333).unwrap(), original);
        // Lengths within one step of the padding look the same.
        assert_eq!(
            attachment.sealed_size(),
            Attachment {
                size: padded_len(len as u64) - 1,
                ..attachment.clone()
            }
            .sealed_size()
        );
    }
}

/// The whole hundred with optimisation; generic ciphers are slow without.
const MEBIBYTES: usize = if cfg!(debug_assertions) { 3 } else { 100 };

#[test]
fn a_large_file_passes_through_a_buffer_of_one_piece() {
    let mut rng = Counter(9);
    let mut sealer = AttachmentSealer::new(VAULT, &mut rng).unwrap();
    let part = content(1 << 20);
    let (mut pieces, mut largest) = (Vec::new(), 0);
    for _ in 0..MEBIBYTES {
        sealer
            .push(&part, &mut rng, &mut |piece| {
                largest = largest.max(piece.sealed.len());
                pieces.push(piece);
            })
            .unwrap();
        assert!(sealer.buffer.capacity() <= PIECE, "{}", sealer.buffer.capacity());
    }
    let attachment = sealer.finish(&mut rng, &mut |piece| pieces.push(piece)).unwrap();
    assert_eq!(largest, SEALED_PIECE);
    // Read in any order, one at a time.
    let mut sum = 0;
    for piece in pieces.iter().rev() {
        sum += attachment
            .open_piece(VAULT, piece.number, &piece.sealed)
            .unwrap()
            .len();
    }
    assert_eq!(sum, MEBIBYTES << 20);
    let again = Attachment::from_bytes(&attachment.to_bytes()).unwrap();
    assert_eq!(again.pieces(), attachment.pieces());
}

#[test]
fn a_hundred_megabytes_and_no_more() {
    let mut rng = Counter(9);
    let mut sealer = AttachmentSealer::new(VAULT, &mut rng).unwrap();
    let whole = usize::try_from(MAX_ATTACHMENT).unwrap() / PIECE;
    sealer.so_far.size = (whole * PIECE) as u64;
    sealer.so_far.pieces = vec![[0; 32]; whole];
    let rest = vec![0; usize::try_from(MAX_ATTACHMENT).unwrap() - whole * PIECE];
    sealer.push(&rest, &mut rng, &mut |_| {}).unwrap();
    let more = sealer.push(&[0], &mut rng, &mut |_| {});
    assert_eq!(more.unwrap_err(), VaultError::AttachmentTooLarge);
    let attachment = sealer.finish(&mut rng, &mut |_| {}).unwrap();
    assert_eq!(attachment.size(), MAX_ATTACHMENT);
    assert!(attachment.pieces().len() <= MAX_PIECES);
    assert!(attachment.to_bytes().len() < 8 << 10, "fits a record");
    assert!(Attachment::from_bytes(&attachment.to_bytes()).is_ok());
}

#[test]
fn goes_on_where_it_was_interrupted() {
    let original = content(3 * PIECE + 12_345);
    let mut rng = Counter(3);
    let mut sealer = AttachmentSealer::new(VAULT, &mut rng).unwrap();
    let mut pieces = std::collections::BTreeMap::new();
    let mut keep = |piece: SealedPiece| drop(pieces.insert(piece.number, piece.sealed));
    sealer
        .push(&original[..PIECE + 500], &mut rng, &mut keep)
        .unwrap();
    let so_far = sealer.so_far();
    // Goes on a little, and is interrupted before that was noted down: the second piece is sealed twice.
    sealer
        .push(&original[PIECE + 500..2 * PIECE + 7], &mut rng, &mut keep)
        .unwrap();
    drop(sealer);
    let first_try = pieces[&1].clone();
    let mut sealer = AttachmentSealer::resume(VAULT, &so_far).unwrap();
    let position = usize::try_from(sealer.position()).unwrap();
    assert_eq!(position, PIECE);
    let mut keep = |piece: SealedPiece| drop(pieces.insert(piece.number, piece.sealed));
    sealer.push(&original[position..], &mut rng, &mut keep).unwrap();
    let attachment = sealer.finish(&mut rng, &mut keep).unwrap();
    assert_ne!(pieces[&1], first_try, "a fresh salt, so another key stream");
    let all: Vec<u8> = pieces.into_values().flatten().collect();
    assert_eq!(opened(&attachment, &all, 1 << 16).unwrap(), original);
    assert_eq!(
        attachment.open_piece(VAULT, 1, &first_try).unwrap_err(),
        VaultError::RecordMissing
    );
    // Reading goes on from a piece, too.
    let mut rest = Vec::new();
    let mut opener = AttachmentOpener::new(&attachment, VAULT, 2);
    opener
        .push(&all[2 * SEALED_PIECE..], &mut |content| {
            rest.extend_from_slice(content)
        })
        .unwrap();
    assert_eq!(opener.next(), 3);
    opener
        .finish(&mut |content| rest.extend_from_slice(content))
        .unwrap();
    assert_eq!(rest, original[2 * PIECE..]);
    // Half an attachment opens nothing, a whole one does not go on.
    assert_eq!(
        Attachment::from_bytes(&so_far).unwrap_err(),
        VaultError::Malformed
    );
    assert_eq!(
        AttachmentSealer::resume(VAULT, &attachment.to_bytes()).unwrap_err(),
        VaultError::Malformed
    );
}

#[test]
fn cut_moved_doubled_and_foreign_pieces_are_refused() {
    let original = content(3 * PIECE + 1000);
    let (attachment, pieces) = sealed(&original, 1 << 18);
    let all = |order: &[usize]| -> Vec<u8> { order.iter().flat_map(|at| pieces[*at].clone()).collect() };
    assert_eq!(pieces.len(), 4);
    assert!(opened(&attachment, &all(&[0, 1, 2, 3]), 1 << 20).is_ok());
    for order in [
        &[][..],
        &[0],
        &[0, 1, 2],
        &[1, 2, 3],
        &[0, 2, 1, 3],
        &[0, 0, 1, 2, 3],
        &[0, 1, 2, 3, 3],
        &[3, 0, 1, 2],
        &[0, 1, 3],
    ] {
        assert_eq!(
            opened(&attachment, &all(order), 1 << 20).unwrap_err(),
            VaultError::RecordMissing,
            "{order:?}"
        );
    }
    let whole = all(&[0, 1, 2, 3]);
    for cut in [1, SEALED_PIECE] {
        assert!(
            opened(&attachment, &whole[..whole.len() - cut], 1 << 20).is_err(),
            "{cut}"
        );
        assert!(opened(&attachment, &whole[cut..], 1 << 20).is_err(), "{cut}");
    }
    let mut longer = whole.clone();
    longer.push(0);
    assert!(opened(&attachment, &longer, 1 << 20).is_err());
    // Even with the hashes out of the way, a piece is bound to its number, its attachment and its vault.
    let mut relisted = attachment.clone();
    relisted.pieces.swap(0, 1);
    assert_eq!(
        relisted.open_piece(VAULT, 0, &pieces[1]).unwrap_err(),
        VaultError::RecordNotAuthentic
    );
    let mut renamed = attachment.clone();
    renamed.id = [9; 16];
    assert_eq!(
        renamed.open_piece(VAULT, 0, &pieces[0]).unwrap_err(),
        VaultError::RecordNotAuthentic
    );
    let elsewhere = attachment.open_piece(VaultId([2; 16]), 0, &pieces[0]);
    assert_eq!(elsewhere.unwrap_err(), VaultError::RecordNotAuthentic);
    // Another length in the record: the padding says otherwise.
    for size in [original.len() - 1, original.len() + 1] {
        let other = Attachment {
            size: size as u64,
            ..attachment.clone()
        };
        assert_eq!(
            other.open_piece(VAULT, 3, &pieces[3]).unwrap_err(),
            VaultError::RecordNotAuthentic
        );
    }
    assert_eq!(
        attachment.open_piece(VAULT, 4, &pieces[3]).unwrap_err(),
        VaultError::RecordMissing
    );
}

#[test]
fn only_possible_attachments_are_read() {
    let (attachment, _) = sealed(&content(PIECE + 5), 1 << 18);
    let refused = |change: fn(&mut Attachment)| {
        let mut other = attachment.clone();
        change(&mut other);
        assert_eq!(
            Attachment::from_bytes(&other.to_bytes()).unwrap_err(),
            VaultError::Malformed
        );
    };
    refused(|other| other.size = MAX_ATTACHMENT + 1);
    refused(|other| other.size = u64::MAX);
    refused(|other| other.size = 1);
    refused(|other| other.pieces.truncate(1));
    refused(|other| other.pieces = vec![[0; 32]; 10_000]);
    assert!(Attachment::from_bytes(b"").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 3 } else { 48 }))]

    #[test]
    fn however_it_is_cut_it_comes_back(len in 0usize..1_500_000, step in 1usize..1_500_000, back in 1usize..1_500_000) {
        let original = content(len);
        let (attachment, pieces) = sealed(&original, step);
        prop_assert_eq!(opened(&attachment, &pieces.concat(), back).unwrap(), original);
    }
}
