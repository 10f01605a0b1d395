//! Certificates of X.509 version 1, which no library makes any more.

use rcgen::{KeyPair, SigningKey as _};

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;
/// Tags of the two fields that version 1 does not have: the version and the extensions.
const LATER_FIELDS: [u8; 2] = [0xa0, 0xa3];

/// Returns a certificate without version and extensions, signed by its key.
pub(super) fn version_1(certificate: &[u8], key: &KeyPair) -> Vec<u8> {
    let [signed, algorithm, _signature] = fields(content(certificate)).try_into().expect("three fields");
    let kept = fields(content(signed)).into_iter();
    let kept: Vec<&[u8]> = kept.filter(|field| !LATER_FIELDS.contains(&field[0])).collect();
    let signed = encode(SEQUENCE, &kept.concat());
    let signature = key.sign(&signed).expect("a signature");
    // The first byte is the number of unused bits.
    let signature = encode(BIT_STRING, &[&[0], &signature[..]].concat());
    encode(SEQUENCE, &[&signed, algorithm, &signature].concat())
}

/// Returns the content of a DER element.
fn content(element: &[u8]) -> &[u8] {
    &element[head_and_length(element).0..]
}

/// Splits the content of a DER sequence into its elements.
fn fields(mut content: &[u8]) -> Vec<&[u8]> {
    let mut fields = Vec::new();
    while !content.is_empty() {
        let (head, length) = head_and_length(content);
        let (field, rest) = content.split_at(head + length);
        fields.push(field);
        content = rest;
    }
    fields
}

/// Returns the lengths of the head and of the content of the first DER element.
fn head_and_length(element: &[u8]) -> (usize, usize) {
    let first = usize::from(element[1]);
    match first.checked_sub(0x80) {
        None => (2, first),
        Some(digits) => {
            let length = element[2..2 + digits]
                .iter()
                .fold(0, |length, digit| (length << 8) | usize::from(*digit));
            (2 + digits, length)
        }
    }
}

fn encode(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len())
        .expect("a short element")
        .to_be_bytes();
    let length = match content.len() {
        ..0x80 => vec![length[1]],
        0x80..0x100 => vec![0x81, length[1]],
        _ => vec![0x82, length[0], length[1]],
    };
    [&[tag], &length[..], content].concat()
}
