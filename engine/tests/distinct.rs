//! The approximate distinct count: its error over all sizes, the same bytes for the same values, and what malformed bytes do.

use mrcall_engine::ErrorKind;
use mrcall_engine::distinct::{DEFAULT_PRECISION, DistinctState};

/// A generator with a fixed seed, independent of the hash under test (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

fn state_of<T: AsRef<[u8]>>(precision: i32, values: impl IntoIterator<Item = T>) -> DistinctState {
    let mut state = DistinctState::new(precision).unwrap();
    for value in values {
        state.push(value.as_ref()).unwrap();
    }
    state
}

/// Values that look like what is counted: ids with a common beginning, numbered one after another.
fn id(set: u64, n: u64) -> String {
    format!("visitor-{set:04}-{n:08}")
}

/// The bias and the root mean square of the relative error over several sets of `size` values.
fn errors(precision: i32, size: u64, sets: u64) -> (f64, f64) {
    let relative = |set| {
        let estimate = state_of(precision, (0..size).map(|n| id(set, n))).num_distinct().unwrap();
        (estimate - size as f64) / size as f64
    };
    let all: Vec<f64> = (0..sets).map(relative).collect();
    let mean = all.iter().sum::<f64>() / sets as f64;
    (mean, (all.iter().map(|e| e * e).sum::<f64>() / sets as f64).sqrt())
}

/// With k sets, the root mean square of the error is below sigma (1 + 3 / sqrt(2 k)), and its mean below 4 sigma / sqrt(k):
/// the sets are fixed, so that the test gives the same answer on every machine.
#[test]
fn the_relative_error_is_that_of_the_registers() {
    let mut lines = 0;
    for precision in [8, 10, DEFAULT_PRECISION, 18] {
        let sigma = DistinctState::new(precision).unwrap().relative_error();
        let sizes = [
            (1, 200),
            (2, 200),
            (5, 200),
            (20, 200),
            (100, 200),
            (1_000, 100),
            (10_000, 60),
            (40_000, 40),
            (100_000, 40),
        ];
        for (size, sets) in sizes {
            let (bias, rms) = errors(precision, size, sets);
            println!("precision {precision}, {size} values: bias {bias:+.5}, rms {rms:.5}, sigma {sigma:.5}");
            let k = sets as f64;
            assert!(rms <= sigma * (1.0 + 3.0 / (2.0 * k).sqrt()), "precision {precision}, {size} values: rms {rms}");
            assert!(bias.abs() <= 4.0 * sigma / k.sqrt(), "precision {precision}, {size} values: bias {bias}");
            lines += 1;
        }
    }
    assert_eq!(lines, 36);
}

#[test]
fn the_relative_error_of_millions_is_that_of_the_registers() {
    for (size, sets) in [(1_000_000, 8), (10_000_000, 2)] {
        let sigma = DistinctState::new(DEFAULT_PRECISION).unwrap().relative_error();
        let (bias, rms) = errors(DEFAULT_PRECISION, size, sets);
        println!("{size} values: bias {bias:+.5}, rms {rms:.5}, sigma {sigma:.5}");
        assert!(rms <= sigma * (1.0 + 3.0 / (2.0 * sets as f64).sqrt()), "{size} values: rms {rms}");
    }
}

/// XXH3's own test values make these registers: who stored states relies on them for ever.
#[test]
fn the_bytes_are_fixed() {
    let hex = |state: &DistinctState| state.serialize().unwrap().iter().map(|b| format!("{b:02x}")).collect::<String>();
    // XXH3_64bits("") = 2d06800538d394c2: register 0x0b41, then 1010…: rank 1.
    assert_eq!(hex(&state_of(14, [""])), expected(&[(0x0b41, 1)]));
    // XXH3_64bits("abc") = 78af5f94892f3950: register 0x1e2b, then 1101…: rank 1.
    assert_eq!(hex(&state_of(14, ["abc"])), expected(&[(0x1e2b, 1)]));
    assert_eq!(hex(&state_of(14, ["abc", "", "abc"])), expected(&[(0x0b41, 1), (0x1e2b, 1)]));
}

/// The list form written by hand.
fn expected(registers: &[(u64, u64)]) -> String {
    let mut bytes = vec![b'D', 1, 14, 0, registers.len() as u8];
    let mut next = 0;
    for (register, rank) in registers {
        let mut number = (register - next) << 6 | rank;
        while number >= 0x80 {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        next = register + 1;
    }
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Any order, duplicates, split and order of merging: the same bytes, in the list's form and in that of all registers.
#[test]
fn order_split_and_merge_change_no_byte() {
    for seed in 1..=300 {
        let mut random = Random(seed);
        let precision = 8 + random.below(11) as i32;
        let size = [1, 3, 40, 400, 5_000][random.below(5)];
        let mut values: Vec<String> = (0..size).map(|_| id(seed, random.below(size) as u64)).collect();
        let whole = state_of(precision, &values).serialize().unwrap();
        for i in (1..values.len()).rev() {
            values.swap(i, random.below(i + 1));
        }
        let mut parts: Vec<DistinctState> =
            (0..1 + random.below(6)).map(|_| DistinctState::new(precision).unwrap()).collect();
        for value in &values {
            let i = random.below(parts.len());
            parts[i].push(value.as_bytes()).unwrap();
        }
        while parts.len() > 1 {
            let (a, b) = (random.below(parts.len()), random.below(parts.len() - 1));
            let mut taken = parts.swap_remove(a);
            // Some come back from their bytes, as from a worker or a table; some are merged twice.
            if random.below(2) == 0 && !taken.is_empty() {
                taken = DistinctState::deserialize(&taken.serialize().unwrap()).unwrap();
            }
            for _ in 0..1 + random.below(2) {
                parts[b].merge(&taken).unwrap();
            }
        }
        assert_eq!(parts[0].serialize().unwrap(), whole, "seed {seed}");
        let read = DistinctState::deserialize(&whole).unwrap();
        assert_eq!(read.serialize().unwrap(), whole, "seed {seed}");
        assert_eq!(read.num_distinct().unwrap().to_bits(), parts[0].num_distinct().unwrap().to_bits(), "seed {seed}");
    }
}

/// The list gives way to all registers when it is longer, never the other way round.
#[test]
fn the_shorter_form_is_taken() {
    let mut state = DistinctState::new(DEFAULT_PRECISION).unwrap();
    let (mut lists, mut alls) = (0, 0);
    for n in 0..40_000 {
        state.push(id(0, n).as_bytes()).unwrap();
        if n % 100 == 0 {
            let bytes = state.serialize().unwrap();
            assert!(bytes.len() <= 4 + 12_288);
            if bytes[3] == 0 {
                lists += 1
            } else {
                alls += 1
            }
            assert!(bytes[3] == 0 || bytes.len() == 4 + 12_288);
        }
    }
    assert!(lists > 20 && alls > 20, "{lists} lists, {alls} of all registers");
}

#[test]
fn precisions() {
    for precision in [i32::MIN, -1, 0, 7, 19, i32::MAX] {
        assert_eq!(DistinctState::new(precision).unwrap_err().kind, ErrorKind::InvalidArgument);
    }
    let mut state = state_of(14, ["a"]);
    assert_eq!(state.merge(&state_of(12, ["a"])).unwrap_err().message, "different precisions: 14 and 12");
}

/// Bytes that no state has are an error, whatever was changed; what is read is written as it was.
#[test]
fn malformed_bytes_are_errors() {
    let mut random = Random(7);
    let mut refused = 0;
    for size in [1, 10, 300, 20_000] {
        let good = state_of(12, (0..size).map(|n| id(1, n))).serialize().unwrap();
        let step = 1 + good.len() / 500;
        for length in (0..good.len()).step_by(step) {
            assert_eq!(DistinctState::deserialize(&good[..length]).unwrap_err().kind, ErrorKind::MalformedBinary);
        }
        let longer = [good.as_slice(), &[0]].concat();
        assert_eq!(DistinctState::deserialize(&longer).unwrap_err().kind, ErrorKind::MalformedBinary);
        for _ in 0..3_000 {
            let mut bad = good.clone();
            for _ in 0..1 + random.below(3) {
                let i = random.below(bad.len());
                bad[i] = random.next() as u8;
            }
            match DistinctState::deserialize(&bad) {
                Ok(state) => assert_eq!(state.serialize().unwrap(), bad),
                Err(error) => {
                    assert_eq!(error.kind, ErrorKind::MalformedBinary);
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 1_000, "only {refused} refused");
    for bad in
        [&b"D\x01\x0e\x00\x00"[..], b"D\x01\x0e\x02", b"D\x01\x03\x00\x01\x01", b"D\x02\x0e\x00\x01\x01", b"V\x01", b""]
    {
        assert_eq!(DistinctState::deserialize(bad).unwrap_err().kind, ErrorKind::MalformedBinary);
    }
}
