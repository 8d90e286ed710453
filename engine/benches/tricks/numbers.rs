//! Numbers of stored states.

use divan::{Bencher, black_box, counter::ItemsCount};

use crate::short_number::short_unsigned;
use crate::state::Writer;
use crate::{Random, VISITORS};

/// The numbers of visit parts, as many as a table has visitors: ten or twelve each, of which one takes eight bytes, up to two take
/// five, two or three take two, and the others one.
fn visit_parts() -> (Vec<u8>, usize) {
    let (mut w, mut random, mut count) = (Writer::default(), Random(5), 0);
    for _ in 0..VISITORS {
        let is_single = random.below(2) == 0;
        let (length, events) = if is_single { (0, 1) } else { (random.below(1_800_000_000), 2 + random.below(9)) };
        let start = 2 * (820_000_000_000_000 + random.below(8_000_000_000_000));
        let (entry, exit, touch) = (random.below(400), random.below(400), random.below(60));
        let exit_before_end = if is_single { 0 } else { random.below(2) * random.below(length) };
        let has_touch = random.below(3) > 0;
        let all = [
            random.below(3),
            start,
            length,
            events,
            events,
            0,
            entry,
            exit_before_end,
            exit,
            if has_touch { 300 + touch } else { 0 },
            0,
            0,
        ];
        let written = &all[..if has_touch { 12 } else { 10 }];
        written.iter().for_each(|number| w.unsigned(*number));
        count += written.len();
    }
    (w.finish().unwrap(), count)
}

#[inline]
fn read(bytes: &mut &[u8], long: impl Fn(&mut &[u8]) -> Option<u64>) -> Option<u64> {
    if let [byte @ 0..0x80, rest @ ..] = *bytes {
        *bytes = rest;
        return Some(u64::from(*byte));
    }
    long(bytes)
}

#[inline(never)]
fn long_at_once(bytes: &mut &[u8]) -> Option<u64> {
    let Some((value, length)) = bytes.first_chunk().and_then(|word| short_unsigned(*word)) else {
        return long_by_byte(bytes);
    };
    *bytes = bytes.get(length..).unwrap_or_default();
    Some(value)
}

#[inline(never)]
fn long_by_byte(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let [byte, rest @ ..] = *bytes else { return None };
        *bytes = rest;
        let bits = u64::from(byte & 0x7f);
        if (bits << shift) >> shift != bits || (*byte == 0 && shift > 0) {
            break;
        }
        value |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn sum(mut bytes: &[u8], long: impl Fn(&mut &[u8]) -> Option<u64>) -> u64 {
    let mut sum = 0u64;
    while let Some(number) = read(&mut bytes, &long) {
        sum = sum.wrapping_add(number);
    }
    sum
}

#[divan::bench]
fn visit_parts_trick(bencher: Bencher<'_, '_>) {
    let (bytes, count) = visit_parts();
    assert_eq!(sum(&bytes, long_at_once), sum(&bytes, long_by_byte));
    bencher.counter(ItemsCount::new(count)).bench_local(|| sum(black_box(&bytes), long_at_once));
}

#[divan::bench]
fn visit_parts_plain(bencher: Bencher<'_, '_>) {
    let (bytes, count) = visit_parts();
    bencher.counter(ItemsCount::new(count)).bench_local(|| sum(black_box(&bytes), long_by_byte));
}
