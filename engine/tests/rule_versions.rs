//! The versions that doctor compares say what the rules are: other rules have another version.

use mrcall_engine::rule_versions::rule_versions;

/// FNV-1a.
fn digest(file: &[u8]) -> u64 {
    file.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Whoever changes a file raises the number in its first line, and then writes the digest here.
#[test]
fn a_file_of_rules_has_one_content_a_version() {
    let files: [(&str, &[u8], &str, u64); 5] = [
        ("channels", include_bytes!("../rules/channels.tsv"), "2", 0xd4ee_0a70_38f8_f760),
        ("lists", include_bytes!("../rules/lists.tsv"), "1", 0x8010_1e2b_305e_db48),
        ("ignored_referrers", include_bytes!("../rules/ignored_referrers.tsv"), "1", 0x510a_cf15_4cc7_6e5d),
        ("agents", include_bytes!("../rules/agents.tsv"), "2", 0x8571_5edc_2bf5_6285),
        ("agents_made", include_bytes!("../rules/agents_made.tsv"), "1", 0x8423_878d_591c_6f58),
    ];
    for (name, file, version, wanted) in files {
        assert!(file.starts_with(format!("# version: {version}\n").as_bytes()), "the version of {name}");
        assert_eq!(digest(file), wanted, "{name} changed: raise its version, and write {:#x} here", digest(file));
    }
}

#[test]
fn each_function_tells_its_rules() {
    let versions = rule_versions();
    assert!(versions.iter().all(|(_, version)| !version.is_empty()), "{versions:?}");
    let suffixes = &versions.iter().find(|(name, _)| *name == "url_domain").unwrap().1;
    let manifest = include_str!("../Cargo.toml");
    assert!(manifest.contains(&format!("psl = \"={suffixes}\"")), "the list of suffixes is not of version {suffixes}");
}
