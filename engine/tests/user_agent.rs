//! Who sends a user agent: kinds and names, words inside other words, devices, and whatever text.

use mrcall_engine::user_agent::{Kind, agent, device, is_bot};
use proptest::prelude::*;

fn said(text: &str) -> (&'static str, Option<&str>) {
    let (kind, name) = agent(text);
    (kind.name(), name)
}

#[test]
fn assistants_have_their_vendor() {
    let cases = [
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
            "ai_crawler",
            "OpenAI",
        ),
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0; +https://openai.com/bot",
            "ai_agent",
            "OpenAI",
        ),
        ("Mozilla/5.0 (compatible; Claude-User/1.0; +Claude-User@anthropic.com)", "ai_agent", "Anthropic"),
        (
            "Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 Mobile Safari/537.36 (compatible; Bytespider; x@b.com)",
            "ai_crawler",
            "ByteDance",
        ),
        (
            "Mozilla/5.0 (Macintosh) Version/8.0.2 Safari/600.2.5 (Amazonbot/0.1; +https://developer.amazon.com)",
            "ai_crawler",
            "Amazon",
        ),
        ("GoogleOther-Image/1.0", "ai_crawler", "Google"),
        ("meta-externalfetcher/1.1", "ai_agent", "Meta"),
        ("meta-externalagent/1.1", "ai_crawler", "Meta"),
    ];
    for (text, kind, name) in cases {
        assert_eq!(said(text), (kind, Some(name)), "{text}");
    }
}

#[test]
fn programs_have_their_names() {
    let cases = [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "crawler", "Googlebot"),
        (
            "Mozilla/5.0 (Macintosh) Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)",
            "crawler",
            "Applebot",
        ),
        ("Mozilla/5.0 (compatible; FooBot/1.0; +http://foo.example/bot)", "bot", "FooBot"),
        ("FooCrawler/1.0", "crawler", "FooCrawler"),
        ("facebookexternalhit/1.1", "bot", "Facebook"),
        ("Foo/1.0", "bot", "Foo"),
        ("Java/11.0.2", "library", "Java"),
        ("Java/1.8.0_181", "library", "Java"),
        ("curl/8.5.0", "library", "curl"),
        ("Foo/4.2 (Linux; Android 13; SM-A536B) okhttp/4.9.3", "app", "Foo"),
        ("Foo/6.48 CFNetwork/758.2.8 Darwin/15.0.0", "app", "Foo"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 [FBAN/FBIOS;FBAV/450.0]",
            "app",
            "Facebook",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126 Safari/537.36 Edg/126",
            "browser",
            "Edge",
        ),
    ];
    for (text, kind, name) in cases {
        assert_eq!(said(text), (kind, Some(name)), "{text}");
    }
    for text in ["", "-", "some new words", "🦀🦀", "Mozilla/5.0", "Mozilla/5.0 (nothing known)"] {
        assert_eq!(said(text), ("unknown", None), "{text}");
    }
}

#[test]
fn words_inside_others_are_none() {
    let phone = |model: &str| {
        format!("Mozilla/5.0 (Linux; Android 9; {model}) AppleWebKit/537.36 Chrome/99.0 Mobile Safari/537.36")
    };
    for model in [
        "ruby",
        "M bot 51",
        "Spider 8",
        "Expanse",
        "htc_botdugls",
        "Robot",
        "Crawler X",
        "curl",
        "it-it; Bot 3 Build/A1; wv",
    ] {
        let text = phone(model);
        assert_eq!((agent(&text).0, device(&text)), (Kind::Browser, "mobile"), "{text}");
    }
    let browser = |product: &str| {
        format!("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/109.0 Safari/537.36 {product}")
    };
    for product in ["Perla/1.0", "Talbot/2", "Bottle/1", "Rubys/1", "Javanese/1", "Curling/3"] {
        assert_eq!(agent(&browser(product)).0, Kind::Browser, "{product}");
    }
    // What stands behind the model is no name of it.
    assert!(is_bot(
        "Mozilla/5.0 (Linux; Android 10; K; ExampleBot/1.0) AppleWebKit/537.36 Chrome/99.0 Mobile Safari/537.36"
    ));
}

#[test]
fn a_long_text_is_cut() {
    assert!(is_bot(&format!("{}Googlebot", "x ".repeat(2_000))));
    assert!(!is_bot(&format!("{}Googlebot", "x ".repeat(2_050))));
    assert_eq!(said(&"é".repeat(5_000)), ("unknown", None));
    assert!(!is_bot(&"a".repeat(1_000_000)));
}

proptest! {
    /// Pieces of user agents and of nothing, in any order: an answer that all three functions agree on.
    #[test]
    fn whatever_it_is(pieces in prop::collection::vec(prop_oneof![
        Just("Mozilla/5.0 (".to_owned()), Just("AppleWebKit/537.36 (KHTML, like Gecko) ".to_owned()), Just("Safari/537.36".to_owned()),
        Just("; Android 9; ".to_owned()), Just(" Build/".to_owned()), Just("compatible; ".to_owned()), Just("bot".to_owned()),
        Just("55UC90".to_owned()), Just("LED32".to_owned()), Just("https://".to_owned()), Just("okhttp/".to_owned()), Just(")".to_owned()),
        "\\PC{0,8}", "[a-zA-Z0-9_.; -]{0,12}",
    ], 0..12)) {
        let text = pieces.concat();
        let (kind, name) = agent(&text);
        prop_assert_eq!(kind.is_bot(), is_bot(&text));
        prop_assert_eq!(kind.is_bot(), device(&text) == "bot");
        prop_assert!(name.is_none_or(|name| !name.is_empty() && name.len() <= 64), "{:?}", name);
    }
}
