use proptest::prelude::*;

use super::*;
use crate::vault::testing::Counter;

const VAULT: VaultId = VaultId([1; 16]);

/// Content that differs everywhere.
fn content(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at ^ at >> 8 ^ at >> 16) as u8).collect()
}

fn begun(size: usize, seed: u64) -> NewAttachment {
    NewAttachment::new(size as u64, &mut Counter(seed)).unwrap()
}

/// The part of `content` that is in piece `number`.
fn part(content: &[u8], number: usize) -> &[u8] {
    let start = content.len().min(number * PIECE);
    &content[start..content.len().min(start + PIECE)]
}

fn sealed_with(begun: NewAttachment, content: &[u8]) -> (Attachment, Vec<Vec<u8>>) {
    let pieces: Vec<_> = (0..begun.piece_count())
        .map(|number| begun.seal_piece(VAULT, number, part(content, number)).unwrap())
        .collect();
    for piece in &pieces {
        assert_eq!(piece.hash, sha256(&piece.sealed));
    }
    let hashes = pieces.iter().map(|piece| piece.hash).collect();
    let attachment = begun.finish(hashes).unwrap();
    (attachment, pieces.into_iter().map(|piece| piece.sealed).collect())
}

fn sealed(content: &[u8]) -> (Attachment, Vec<Vec<u8>>) {
    sealed_with(begun(content.len(), 1), content)
}

/// The content, when `pieces` are exactly the pieces of the attachment.
fn opened(attachment: &Attachment, pieces: &[&[u8]]) -> Result<Vec<u8>, VaultError> {
    let mut out = Vec::new();
    for number in 0..attachment.pieces().len() {
        let piece = pieces.get(number).ok_or(VaultError::RecordMissing)?;
        out.extend_from_slice(&attachment.open_piece(VAULT, number, piece)?);
    }
    Ok(out)
}

fn slices(pieces: &[Vec<u8>]) -> Vec<&[u8]> {
    pieces.iter().map(Vec::as_slice).collect()
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
        let (attachment, pieces) = sealed(&original);
        assert_eq!(attachment.size(), len as u64);
        let (last, full) = pieces.split_last().unwrap();
        assert!(full.iter().all(|piece| piece.len() == SEALED_PIECE));
        assert!(last.len() <= SEALED_PIECE);
        assert_eq!(pieces.concat().len() as u64, attachment.sealed_size(), "{len}");
        assert_eq!(opened(&attachment, &slices(&pieces)).unwrap(), original);
        // Lengths within one step of the padding look the same.
        let longest = begun(usize::try_from(padded_len(len as u64)).unwrap() - 1, 1);
        assert_eq!(attachment.sealed_size(), longest.sealed_size());
    }
}

/// The whole hundred with optimisation; generic ciphers are slow without.
const MEBIBYTES: usize = if cfg!(debug_assertions) { 3 } else { 100 };

#[test]
fn pieces_are_sealed_and_read_in_any_order_one_at_a_time() {
    let original = content(MEBIBYTES << 20);
    let begun = begun(original.len(), 9);
    let count = begun.piece_count();
    let mut hashes = vec![[0; 32]; count];
    let mut sum = 0;
    for number in (0..count).rev() {
        let piece = begun.seal_piece(VAULT, number, part(&original, number)).unwrap();
        assert!(piece.sealed.len() <= SEALED_PIECE);
        hashes[number] = piece.hash;
    }
    let attachment = begun.clone().finish(hashes).unwrap();
    let again = Attachment::from_bytes(&attachment.to_bytes()).unwrap();
    for number in (0..count).step_by(7) {
        let piece = begun.seal_piece(VAULT, number, part(&original, number)).unwrap();
        let back = again.open_piece(VAULT, number, &piece.sealed).unwrap();
        assert_eq!(&back[..], part(&original, number));
        sum += back.len();
    }
    assert!(sum > 0);
}

#[test]
fn a_hundred_megabytes_and_no_more() {
    let most = usize::try_from(MAX_ATTACHMENT).unwrap();
    let largest = begun(most, 9);
    let hashes = vec![[0; 32]; largest.piece_count()];
    let attachment = largest.finish(hashes).unwrap();
    assert!(attachment.to_bytes().len() < 8 << 10, "fits a record");
    assert!(Attachment::from_bytes(&attachment.to_bytes()).is_ok());
    let more = NewAttachment::new(MAX_ATTACHMENT + 1, &mut Counter(9));
    assert_eq!(more.unwrap_err(), VaultError::AttachmentTooLarge);
}

/// What makes an upload go on after an interruption without a note of every piece: the same content, the same bytes.
#[test]
fn a_piece_sealed_again_is_the_same_and_other_content_is_not() {
    let original = content(2 * PIECE + 12_345);
    let begun = begun(original.len(), 3);
    let kept = NewAttachment::from_bytes(&begun.to_bytes()).unwrap();
    let seal =
        |made: &NewAttachment, number, content: &[u8]| made.seal_piece(VAULT, number, content).unwrap();
    for number in 0..begun.piece_count() {
        let content = part(&original, number);
        assert_eq!(seal(&begun, number, content), seal(&kept, number, content));
    }
    // One bit of the content: another salt, so another key stream and another commitment. The first 18 bytes say format,
    // suite and key.
    let mut changed = part(&original, 1).to_vec();
    changed[700_000] ^= 1;
    let (one, other) = (seal(&begun, 1, part(&original, 1)), seal(&begun, 1, &changed));
    assert_eq!(one.sealed[..18], other.sealed[..18]);
    for (from, to) in [(18, 42), (42, 74), (74, 90)] {
        assert_ne!(one.sealed[from..to], other.sealed[from..to]);
    }
    let equal = one
        .sealed
        .iter()
        .zip(&other.sealed)
        .filter(|(a, b)| a == b)
        .count();
    assert!(equal < SEALED_PIECE / 100, "{equal} bytes are the same");
    // The same content in another place, or of another attachment, has nothing in common either.
    let same = content(PIECE);
    let twice = [same.clone(), same.clone()].concat();
    let (_, pieces) = sealed(&twice);
    assert_ne!(pieces[0][18..42], pieces[1][18..42]);
    let (_, foreign) = sealed_with(super::tests::begun(twice.len(), 77), &twice);
    assert_ne!(pieces[0][18..42], foreign[0][18..42]);
    // Half an attachment opens nothing, a whole one does not go on.
    let (whole, _) = sealed(&same);
    assert_eq!(
        Attachment::from_bytes(&begun.to_bytes()).unwrap_err(),
        VaultError::Malformed
    );
    assert_eq!(
        NewAttachment::from_bytes(&whole.to_bytes()).unwrap_err(),
        VaultError::Malformed
    );
}

#[test]
fn content_that_is_not_the_piece_is_not_sealed() {
    let original = content(PIECE + 1000);
    let begun = begun(original.len(), 3);
    let refused = |number, content: &[u8]| {
        assert_eq!(
            begun.seal_piece(VAULT, number, content).unwrap_err(),
            VaultError::RecordMissing
        );
    };
    refused(0, &original[..PIECE - 1]);
    refused(0, &original[..PIECE + 1]);
    refused(1, &original[PIECE..PIECE + 999]);
    refused(1, &[]);
    refused(begun.piece_count(), &[]);
    refused(usize::MAX, &[]);
    assert!(begun.clone().finish(vec![[0; 32]; 1]).is_err());
    assert!(begun.clone().finish(vec![[0; 32]; 3]).is_err());
}

#[test]
fn cut_moved_doubled_and_foreign_pieces_are_refused() {
    let original = content(3 * PIECE + 1000);
    let (attachment, pieces) = sealed(&original);
    assert_eq!(pieces.len(), 4);
    let all = |order: &[usize]| {
        opened(
            &attachment,
            &order.iter().map(|at| &pieces[*at][..]).collect::<Vec<_>>(),
        )
    };
    assert!(all(&[0, 1, 2, 3]).is_ok());
    for order in [
        &[][..],
        &[0],
        &[0, 1, 2],
        &[1, 2, 3],
        &[0, 2, 1, 3],
        &[0, 0, 1, 2, 3],
        &[3, 0, 1, 2],
        &[0, 1, 3],
    ] {
        assert_eq!(all(order).unwrap_err(), VaultError::RecordMissing, "{order:?}");
    }
    for (number, piece) in pieces.iter().enumerate() {
        for cut in [1, 16, 74, 1000, piece.len()] {
            let piece = &pieces[number];
            assert!(
                attachment
                    .open_piece(VAULT, number, &piece[..piece.len() - cut])
                    .is_err()
            );
            assert!(attachment.open_piece(VAULT, number, &piece[cut..]).is_err());
        }
        let longer = [&piece[..], &[0]].concat();
        assert!(attachment.open_piece(VAULT, number, &longer).is_err());
    }
    assert_eq!(
        attachment.open_piece(VAULT, 4, &pieces[3]).unwrap_err(),
        VaultError::RecordMissing
    );
}

/// Even with the hashes out of the way: every piece of three attachments of two vaults in every place opens in one only.
#[test]
fn a_piece_is_bound_to_its_number_its_attachment_and_its_vault() {
    let original = content(2 * PIECE + 1000);
    let other_vault = VaultId([2; 16]);
    let mut sealed_pieces = Vec::new();
    let mut attachments = Vec::new();
    for (vault, seed) in [(VAULT, 1), (VAULT, 2), (other_vault, 1)] {
        let begun = begun(original.len(), seed);
        let pieces: Vec<_> = (0..begun.piece_count())
            .map(|number| begun.seal_piece(vault, number, part(&original, number)).unwrap())
            .collect();
        let attachment = begun
            .finish(pieces.iter().map(|piece| piece.hash).collect())
            .unwrap();
        attachments.push((vault, attachment));
        sealed_pieces.push(pieces);
    }
    let (mut tried, mut opened) = (0, 0);
    for (at, (vault, attachment)) in attachments.iter().enumerate() {
        for (from, pieces) in sealed_pieces.iter().enumerate() {
            for (number, piece) in pieces.iter().enumerate() {
                for place in 0..attachment.pieces().len() {
                    let mut relisted = attachment.clone();
                    relisted.pieces[place] = piece.hash;
                    let result = relisted.open_piece(*vault, place, &piece.sealed);
                    tried += 1;
                    if (at, place) == (from, number) {
                        opened += 1;
                        assert_eq!(&result.unwrap()[..], part(&original, number));
                    } else {
                        assert_eq!(result.unwrap_err(), VaultError::RecordNotAuthentic);
                    }
                }
            }
        }
    }
    assert_eq!((tried, opened), (81, 9));
    // Another length in the record: the padding says otherwise.
    let (vault, attachment) = &attachments[0];
    for size in [original.len() - 1, original.len() + 1] {
        let mut other = attachment.clone();
        other.made.size = size as u64;
        assert_eq!(
            other
                .open_piece(*vault, 2, &sealed_pieces[0][2].sealed)
                .unwrap_err(),
            VaultError::RecordNotAuthentic
        );
    }
}

#[test]
fn only_possible_attachments_are_read() {
    let (attachment, _) = sealed(&content(PIECE + 5));
    let refused = |change: fn(&mut Attachment)| {
        let mut other = attachment.clone();
        change(&mut other);
        assert_eq!(
            Attachment::from_bytes(&other.to_bytes()).unwrap_err(),
            VaultError::Malformed
        );
    };
    refused(|other| other.made.size = MAX_ATTACHMENT + 1);
    refused(|other| other.made.size = u64::MAX);
    refused(|other| other.made.size = 1);
    refused(|other| other.pieces.truncate(1));
    refused(|other| other.pieces = vec![[0; 32]; 10_000]);
    assert!(Attachment::from_bytes(b"").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 3 } else { 48 }))]

    #[test]
    fn whatever_its_length_it_comes_back_and_a_changed_byte_does_not(
        len in 0usize..2_500_000, at in any::<prop::sample::Index>(), bit in 0u8..8,
    ) {
        let original = content(len);
        let (attachment, mut pieces) = sealed(&original);
        prop_assert_eq!(opened(&attachment, &slices(&pieces)).unwrap(), original);
        let number = at.index(pieces.len());
        let byte = at.index(pieces[number].len());
        pieces[number][byte] ^= 1 << bit;
        let mut relisted = attachment.clone();
        relisted.pieces[number] = sha256(&pieces[number]);
        prop_assert_eq!(attachment.open_piece(VAULT, number, &pieces[number]).unwrap_err(), VaultError::RecordMissing);
        prop_assert_eq!(relisted.open_piece(VAULT, number, &pieces[number]).unwrap_err(), VaultError::RecordNotAuthentic);
    }
}
