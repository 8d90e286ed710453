//! The name of a device's model in the user agents of Android.

use std::ops::Range;

/// The inches of televisions.
const INCHES: [&[u8]; 29] = [
    b"22", b"24", b"28", b"32", b"39", b"40", b"41", b"42", b"43", b"44", b"45", b"46", b"47", b"48", b"49", b"50",
    b"51", b"55", b"58", b"60", b"65", b"70", b"75", b"77", b"82", b"83", b"85", b"86", b"98",
];

/// Where the name of the model is: the part behind the version and the language, as in `Android 9; it-it; SM-T510 Build/PPR1`. Empty
/// where there is none. `from` is behind the word Android.
pub(super) fn place(text: &[u8], from: usize) -> Range<usize> {
    let mut start = from;
    loop {
        let rest = text.get(start..).unwrap_or_default();
        match memchr::memchr2(b';', b')', rest) {
            Some(at) if rest.get(at) == Some(&b';') => start += at + 1,
            _ => return 0..0,
        }
        let part = text.get(start..).unwrap_or_default();
        let part = part.get(..memchr::memchr2(b';', b')', part).unwrap_or(part.len())).unwrap_or_default();
        let name = part.trim_ascii();
        // Chrome writes "K" for all models.
        let other = name.len() <= 2 && name != b"K"
            || is_language(name)
            || name.get(..7).is_some_and(|it| it.eq_ignore_ascii_case(b"android"));
        if !other {
            let ends = |at: &usize| {
                part.get(*at..).is_some_and(|rest| rest.starts_with(b" Build") || rest.starts_with(b" AppleWebKit"))
            };
            return start..start + memchr::memchr_iter(b' ', part).find(ends).unwrap_or(part.len());
        }
    }
}

/// `it-it`, `pt_BR`.
fn is_language(name: &[u8]) -> bool {
    matches!(name, [a, b, b'-' | b'_', c, d] if [a, b, c, d].into_iter().all(u8::is_ascii_alphabetic))
}

/// Whether a model's name is that of a television by the inches in it: `55UCY1`, `SW-LED32SG311`, `H24F8000C`, but no `32GB`, no `P40HD`.
pub(super) fn has_inches(name: &[u8]) -> bool {
    (0..name.len().saturating_sub(1)).any(|at| {
        let digits = name.get(at..at + 2).unwrap_or_default();
        let before = at.checked_sub(1).and_then(|before| name.get(before));
        let rest = name.get(at + 2..).unwrap_or_default();
        if !digits.iter().all(u8::is_ascii_digit) || before.is_some_and(u8::is_ascii_digit) {
            return false;
        }
        let led = name.get(..at).unwrap_or_default();
        let led = led.strip_suffix(b"-").or(led.strip_suffix(b"_")).unwrap_or(led);
        if led.ends_with(b"LED") {
            return true;
        }
        let letters = rest.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
        let numbers = rest.iter().skip(letters).take_while(|byte| byte.is_ascii_digit()).count();
        let more = rest.iter().take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()).count();
        INCHES.contains(&digits)
            && match before {
                None | Some(b'-' | b'_' | b' ') => {
                    letters > 0 && more >= 3 && ![b"GB", b"HD", b"MP"].into_iter().any(|unit| rest.starts_with(unit))
                }
                Some(byte) => {
                    byte.is_ascii_uppercase()
                        && (letters >= 4 || letters == 3 && numbers > 0 || letters > 0 && letters < 3 && numbers >= 3)
                }
            }
    })
}
