//! Memory is asked for before it grows: over the limit is `54000`, what the allocator does not give `53200`, and what was held is
//! given back.

use std::cell::Cell;

use mrcall_engine::resource::memory::{self, HeldVec, Reservation};
use mrcall_engine::{Error, ErrorKind};

thread_local! {
    // Tests run side by side, each in a thread of its own.
    static LIMIT: Cell<usize> = const { Cell::new(usize::MAX) };
    static MEASURED: Cell<usize> = const { Cell::new(0) };
}

/// Does something under a limit in bytes.
fn within<T>(limit: usize, work: impl FnOnce() -> T) -> T {
    memory::on_limit(|| LIMIT.get());
    LIMIT.set(limit);
    let done = work();
    LIMIT.set(usize::MAX);
    done
}

fn kind<T>(result: Result<T, Error>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind)
}

#[test]
fn reservations_add_up_and_are_given_back() {
    within(1000, || {
        let mut first = Reservation::of(600).unwrap();
        assert_eq!(kind(Reservation::of(401)), Some(ErrorKind::LimitExceeded));
        let second = Reservation::of(400).unwrap();
        assert_eq!(kind(first.add(1)), Some(ErrorKind::LimitExceeded));
        assert_eq!(first.bytes(), 600);
        first.set(500).unwrap();
        first.add(100).unwrap();
        // A limit that was lowered refuses no smaller claim.
        LIMIT.set(10);
        first.set(300).unwrap();
        drop(second);
        drop(first);
        assert!(Reservation::of(10).is_ok());
    });
}

#[test]
fn a_list_is_refused_before_it_doubles() {
    within(1000, || {
        let mut list: Vec<u64> = Vec::new();
        let mut full = 0;
        while memory::push(&mut list, 7).is_ok() {
            full += 1;
        }
        // Whoever holds a state counts what it has: here nobody does, so one more growth is what the limit bounds.
        assert_eq!((full, list.len(), list.capacity()), (128, 128, 128));
        assert_eq!(kind(memory::reserve_exact(&mut list, 126)), Some(ErrorKind::LimitExceeded));
        memory::reserve_exact(&mut list, 125).unwrap();
        assert_eq!(list.capacity(), 253);
        assert_eq!(kind(memory::filled(0u8, 1001)), Some(ErrorKind::LimitExceeded));
        assert_eq!(memory::filled(3u8, 1000).unwrap(), [3; 1000]);
        assert_eq!(memory::collect((0..5).filter(|n| n % 2 == 0)).unwrap(), [0, 2, 4]);
        let mut bytes = Vec::new();
        memory::extend(&mut bytes, b"text").unwrap();
        assert_eq!(kind(memory::extend(&mut bytes, &[0; 1010])), Some(ErrorKind::LimitExceeded));
        assert_eq!(bytes, b"text");
    });
}

#[test]
fn a_held_list_counts_itself() {
    within(1000, || {
        let mut list: HeldVec<u64> = HeldVec::default();
        while list.push(list.len() as u64).is_ok() {}
        // 64 values take 512 bytes; twice as many are too many.
        assert_eq!(list.len(), 64);
        assert!(Reservation::of(488).is_ok());
        assert_eq!(kind(Reservation::of(489)), Some(ErrorKind::LimitExceeded));
        assert_eq!(list.iter().sum::<u64>(), 63 * 32);
        drop(list);
        assert!(Reservation::of(1000).is_ok());
        let list = HeldVec::filled(1u8, 900).unwrap();
        assert_eq!(kind(HeldVec::<u8>::with_room(101)), Some(ErrorKind::LimitExceeded));
        drop(list);
        assert_eq!(HeldVec::collect(0..10u32).unwrap()[9], 9);
        assert!(Reservation::of(1000).is_ok());
    });
}

#[test]
fn an_allocation_that_fails_is_an_error() {
    // No machine has so much: the allocator says no at once.
    let huge = isize::MAX as usize / 2;
    within(usize::MAX, || {
        let mut list = vec![1u8];
        assert_eq!(kind(memory::reserve(&mut list, huge)), Some(ErrorKind::OutOfMemory));
        assert_eq!(kind(memory::reserve_exact(&mut list, huge)), Some(ErrorKind::OutOfMemory));
        assert_eq!(kind(memory::reserve(&mut list, usize::MAX)), Some(ErrorKind::OutOfMemory));
        assert_eq!(list, [1]);
        assert_eq!(kind(HeldVec::<u8>::with_room(huge)), Some(ErrorKind::OutOfMemory));
        let mut held = HeldVec::collect([1u8]).unwrap();
        assert_eq!(kind(held.reserve(huge)), Some(ErrorKind::OutOfMemory));
        assert_eq!(&*held, [1]);
    });
    within(100, || assert!(Reservation::of(100).is_ok()));
}

#[test]
fn what_the_allocator_has_given_counts_as_well() {
    memory::on_measure(|| MEASURED.get());
    // What a process has anyway, and what it makes once for all statements, is none of theirs.
    MEASURED.set(50_000);
    memory::lasting(|| MEASURED.set(150_000));
    within(80_000, || {
        assert!(Reservation::of(80_000).is_ok());
        MEASURED.set(100_000 + (64 << 10) + 60_000);
        assert_eq!(kind(Reservation::of(20_001)), Some(ErrorKind::LimitExceeded));
        // The same memory is counted once.
        let held = Reservation::of(20_000).unwrap();
        assert!(memory::check_limit().is_ok());
        drop(held);
        // In small pieces it goes over the limit, by no more than an eighth.
        MEASURED.set(100_000 + (64 << 10) + 90_000);
        assert!(memory::check_limit().is_ok());
        MEASURED.set(100_000 + (64 << 10) + 90_001);
        assert_eq!(kind(memory::check_limit()), Some(ErrorKind::LimitExceeded));
    });
    MEASURED.set(0);
}

#[test]
fn a_demand_unwinds_with_its_error() {
    memory::on_demand(|error| std::panic::panic_any(error));
    let error_of = |bytes: usize| {
        let caught = std::panic::catch_unwind(|| memory::demand(bytes));
        caught.err().and_then(|error| error.downcast::<Error>().ok()).map(|error| error.kind)
    };
    within(1 << 20, || {
        assert_eq!(error_of(1 << 20), None);
        assert_eq!(error_of((1 << 20) + 1), Some(ErrorKind::LimitExceeded));
    });
    within(usize::MAX, || {
        assert_eq!(error_of(isize::MAX as usize / 2), Some(ErrorKind::OutOfMemory));
        // It leaves nothing held.
        assert!(!memory::is_trying());
    });
    within(100, || assert!(Reservation::of(100).is_ok()));
}
