//! UUIDs as text: eight digits at a time in a word, and digit by digit with tables.

use divan::{Bencher, black_box, counter::ItemsCount};

use super::uuid::{self, TEXT};
use crate::{Random, VISITORS};

/// What a character is worth as a digit in lower case; 16 for any other.
const WORTH: [u8; 256] = {
    let mut worth = [16; 256];
    let mut digit = 0;
    while digit < 16 {
        worth[LETTERS[digit] as usize] = digit as u8;
        digit += 1;
    }
    worth
};
const LETTERS: &[u8; 16] = b"0123456789abcdef";
const DASHES: [usize; 4] = [8, 13, 18, 23];

fn texts() -> Vec<[u8; TEXT]> {
    let mut random = Random(1);
    (0..VISITORS).map(|_| random.uuid().into_bytes().try_into().unwrap()).collect()
}

fn words() -> Vec<[u64; 2]> {
    texts().iter().map(|text| uuid::parse(text).unwrap()).collect()
}

fn parse_by_digit(text: &[u8]) -> Option<[u64; 2]> {
    let text: &[u8; TEXT] = text.try_into().ok()?;
    if DASHES.iter().any(|dash| text[*dash] != b'-') {
        return None;
    }
    let (mut words, mut all) = ([0; 2], 0);
    for (word, groups) in words.iter_mut().zip([[0..8, 9..13, 14..18], [19..23, 24..30, 30..36]]) {
        for byte in groups.into_iter().flat_map(|group| &text[group]) {
            let worth = WORTH[*byte as usize];
            all |= worth;
            *word = *word << 4 | u64::from(worth);
        }
    }
    (all < 16).then_some(words)
}

fn text_by_digit(uuid: &[u64; 2]) -> [u8; TEXT] {
    let mut text = [b'-'; TEXT];
    for (word, groups) in uuid.iter().zip([[0..8, 9..13, 14..18], [19..23, 24..30, 30..36]]) {
        for (place, digit) in groups.into_iter().flatten().zip(0..) {
            text[place] = LETTERS[(word >> (60 - 4 * digit) & 15) as usize];
        }
    }
    text
}

fn first_by_digit(number: u32) -> u64 {
    (0..8).fold(0, |word, digit| word << 8 | u64::from(LETTERS[(number >> (28 - 4 * digit) & 15) as usize]))
}

fn parse(bencher: Bencher<'_, '_>, parse: impl Fn(&[u8]) -> Option<[u64; 2]>) {
    let texts = texts();
    assert!(texts.iter().all(|text| parse(text) == uuid::parse(text)));
    bencher
        .counter(ItemsCount::new(VISITORS))
        .bench_local(|| texts.iter().filter_map(|t| parse(black_box(t))).fold(0, |a, b| a ^ b[0] ^ b[1]));
}

fn print(bencher: Bencher<'_, '_>, text: impl Fn(&[u64; 2]) -> [u8; TEXT]) {
    let words = words();
    assert!(words.iter().all(|word| text(word) == uuid::text(word)));
    bencher.counter(ItemsCount::new(VISITORS)).bench_local(|| {
        words.iter().for_each(|word| {
            black_box(text(black_box(word)));
        })
    });
}

fn first(bencher: Bencher<'_, '_>, first: impl Fn(u32) -> u64) {
    let words = words();
    bencher
        .counter(ItemsCount::new(VISITORS))
        .bench_local(|| words.iter().fold(0, |all, word| all ^ first(black_box((word[0] >> 32) as u32))));
}

#[divan::bench]
fn parse_trick(bencher: Bencher<'_, '_>) {
    parse(bencher, uuid::parse);
}

#[divan::bench]
fn parse_plain(bencher: Bencher<'_, '_>) {
    parse(bencher, parse_by_digit);
}

#[divan::bench]
fn text_trick(bencher: Bencher<'_, '_>) {
    print(bencher, uuid::text);
}

#[divan::bench]
fn text_plain(bencher: Bencher<'_, '_>) {
    print(bencher, text_by_digit);
}

#[divan::bench]
fn first_bytes_trick(bencher: Bencher<'_, '_>) {
    first(bencher, uuid::eight_letters);
}

#[divan::bench]
fn first_bytes_plain(bencher: Bencher<'_, '_>) {
    first(bencher, first_by_digit);
}
